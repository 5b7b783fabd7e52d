// The report page: reads the data that the file carries and draws it.
import { render } from "preact";
import { readReport } from "../data/document";
import { defaults } from "../state/hash";
import { viewState } from "../state/view";
import { App } from "./App";
import { ReportModel } from "./model";
import "./styles.css";

const place = document.getElementById("app")!;
try {
  const report = readReport(document.getElementById("data")!.textContent ?? "");
  const name = report.processes[0]?.name ?? "session";
  document.title = `${name} · memwatch`;
  render(<App model={new ReportModel(report)} state={viewState(defaults(report.cost))} />, place);
} catch (error) {
  // Only a file that was cut or edited comes here.
  place.textContent = `This report cannot be shown: ${error instanceof Error ? error.message : String(error)}. Make it again with memwatch report --format html.`;
  throw error;
}
