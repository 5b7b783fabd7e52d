// The page of a report or of a difference: reads the data that the file carries and draws it.
import { render } from "preact";
import { DIFF_SCHEMA, readDocument } from "../data/document";
import { DiffApp } from "../diff/DiffApp";
import { DiffModel } from "../diff/model";
import { decode, defaults, encode } from "../state/hash";
import { viewState } from "../state/view";
import { App } from "./App";
import { ReportModel } from "./model";
import "../parts/styles.css";

const place = document.getElementById("app")!;
try {
  const data = readDocument(document.getElementById("data")!.textContent ?? "");
  if (data.schema === DIFF_SCHEMA) {
    document.title = `${data.metric}: ${data.before.session} → ${data.after.session} · memwatch`;
    render(<DiffApp model={new DiffModel(data)} state={viewState(defaults("peak"), { encode, decode })} />, place);
  } else {
    document.title = `${data.processes[0]?.name ?? "session"} · memwatch`;
    render(<App model={new ReportModel(data)} state={viewState(defaults(data.cost), { encode, decode })} />, place);
  }
} catch (error) {
  // Only a file that was cut or edited comes here.
  place.textContent = `This report cannot be shown: ${error instanceof Error ? error.message : String(error)}. Make it again with memwatch report --format html.`;
  throw error;
}
