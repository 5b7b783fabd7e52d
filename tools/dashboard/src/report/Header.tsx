// Whose report this is, how it ended, how exact it is.
import type { Scope } from "../data/document";
import type { Theme } from "../state/hash";
import { duration } from "../text/format";
import { processWord, type ReportModel } from "./model";
import { PageButtons } from "../parts/PageButtons";

interface HeaderProps {
  model: ReportModel;
  scope: Scope;
  theme: Theme;
  onTheme(theme: Theme): void;
  onHelp(): void;
}

export function Header({ model, scope, theme, onTheme, onHelp }: HeaderProps) {
  const { report } = model;
  const command = report.command.length > 0 ? report.command : (report.processes[0]?.command ?? []);
  const ended = scope.end ?? "";
  const bad = /killed|lost/.test(ended) || /^exit [1-9]/.test(ended);
  return (
    <header>
      <div class="title">
        <h1 title={command.join(" ")}>
          <code>{command.length > 0 ? command.map(quoted).join(" ") : "memwatch report"}</code>
        </h1>
        <PageButtons theme={theme} onTheme={onTheme} onHelp={onHelp} />
      </div>
      <p class="meta">
        {ended !== "" && <span class={bad ? "badge bad" : "badge"}>{bad ? `⚠ ${ended}` : ended}</span>}
        <span>after {duration(scope.totals.duration)}</span>
        {scope.processes.length > 1 && <span>{processWord(scope)}</span>}
        <span class={scope.exact ? "badge good" : "badge caution"}>{(scope.exact ? "✓ " : "⚠ ") + scope.exactness}</span>
        {!report.complete && <span class="badge bad">⚠ the recording was cut short; this is what is intact</span>}
        {(report.filter !== "" || report.exclude !== "") && (
          <span class="badge caution">
            only stacks {report.filter !== "" && `that match /${report.filter}/`}
            {report.filter !== "" && report.exclude !== "" && " and "}
            {report.exclude !== "" && `that do not match /${report.exclude}/`}; totals are of all
          </span>
        )}
        <span class="faint">
          {report.host !== "" && `${report.host}, `}
          <time dateTime={report.startedAt}>{report.startedAt.slice(0, 19).replace("T", " ")} UTC</time>, memwatch {report.version}
        </span>
      </p>
    </header>
  );
}

// As a shell would need it.
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
