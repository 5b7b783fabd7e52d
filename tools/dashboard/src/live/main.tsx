// The daemon's page: processes as they run.
import { render } from "preact";
import { viewState } from "../state/view";
import "../parts/styles.css";
import { decode, encode, LIVE_DEFAULTS } from "./address";
import "./live.css";
import { LiveApp } from "./LiveApp";
import { watchDaemon } from "./watch";

render(<LiveApp watch={watchDaemon()} state={viewState(LIVE_DEFAULTS, { encode, decode })} />, document.getElementById("app")!);
