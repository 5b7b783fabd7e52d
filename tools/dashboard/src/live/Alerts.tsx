// What the daemon raised, active or over, with what to do about it.
import { useState } from "preact/hooks";
import { dayAndTime } from "../text/clock";
import { count } from "../text/format";
import { Segments } from "../parts/Segments";
import type { LiveView } from "./address";
import { ask } from "./http";
import type { Alert } from "./types";
import { useAnswer, type Asked } from "./use_answer";
import type { Watch } from "./watch";

const EVERY_MS = 5000;
const MOST = 30;
const SEVERITY = { critical: { tone: "bad", icon: "✕" }, warning: { tone: "caution", icon: "⚠" }, info: { tone: "", icon: "i" } } as const;

// Those of one process, or of all.
export function useAlerts(watch: Watch, pid: number | undefined): Asked<Alert[]> {
  // An alert that the stream told of is asked for at once, by another epoch.
  const asked = useAnswer<{ alerts: Alert[] }>("api/v1/alerts?state=all", EVERY_MS, watch.epoch.value + watch.alertNews.value);
  const alerts = asked.value?.alerts.filter((alert) => pid === undefined || alert.pid === pid).sort((a, b) => b.time - a.time || b.id - a.id);
  return { ...asked, value: alerts };
}

interface AlertsProps {
  asked: Asked<Alert[]>;
  shown: LiveView["alerts"];
  onShow(shown: LiveView["alerts"]): void;
  onOpen?(pid: number): void;
}

export function Alerts({ asked, shown, onShow, onOpen }: AlertsProps) {
  const all = asked.value ?? [];
  const numbers = { active: all.filter((alert) => !alert.resolved).length, resolved: all.filter((alert) => alert.resolved).length, all: all.length };
  const rows = all.filter((alert) => shown === "all" || alert.resolved === (shown === "resolved"));
  return (
    <section aria-labelledby="alerts-title" class="card" id="alerts">
      <div class="section-head">
        <h2 id="alerts-title">Alerts</h2>
        {asked.value && <Segments name="alerts" label="Which alerts" values={["active", "resolved", "all"] as const} chosen={shown} onChoose={onShow} text={(each) => `${each} ${count(numbers[each])}`} />}
      </div>
      {asked.value === undefined ? (
        <p class="empty">{asked.problem === undefined ? "Asking for alerts…" : asked.problem.kind === "missing" ? "This daemon raises no alerts." : asked.problem.kind === "gone" ? "The daemon does not answer." : asked.problem.why}</p>
      ) : rows.length === 0 ? (
        <p class={shown === "active" ? "empty good" : "empty"}>{shown === "active" ? "✓ Nothing to be told." : "None."}</p>
      ) : (
        <ul class="alerts">
          {rows.slice(0, MOST).map((alert) => (
            <AlertRow key={alert.id} alert={alert} onResolved={asked.again} {...(onOpen ? { onOpen } : {})} />
          ))}
        </ul>
      )}
      {rows.length > MOST && <p class="note faint">and {count(rows.length - MOST)} older: memwatch alerts</p>}
    </section>
  );
}

function AlertRow({ alert, onResolved, onOpen }: { alert: Alert; onResolved(): void; onOpen?(pid: number): void }) {
  const [state, setState] = useState<{ isAsking: boolean; why: string }>({ isAsking: false, why: "" });
  const { tone, icon } = SEVERITY[alert.severity] ?? SEVERITY.info;
  const resolve = async () => {
    setState({ isAsking: true, why: "" });
    const answer = await ask<unknown>(`api/v1/alerts/${alert.id}/resolve`, "POST");
    setState({ isAsking: false, why: answer.kind === "value" ? "" : answer.kind === "gone" ? "the daemon does not answer" : answer.why });
    if (answer.kind === "value") onResolved();
  };
  return (
    <li class={alert.resolved ? "alert over" : "alert"}>
      <span class={`badge ${tone}`}>
        <span aria-hidden="true">{icon}</span> {alert.severity}
      </span>
      <div>
        <p>
          <b>{alert.message}</b>
        </p>
        {alert.recommendations.map((text) => (
          <p key={text} class="faint">
            {text}
          </p>
        ))}
        <p class="note faint">
          {alert.test ? "a test, " : ""}
          {alert.type}, <time dateTime={new Date(alert.time * 1000).toISOString()}>{dayAndTime(alert.time)}</time>
          {alert.suppressed > 0 && `, and ${count(alert.suppressed)} more of the same held back`}
          {onOpen && alert.pid > 0 && (
            <>
              {", "}
              <button type="button" class="link" onClick={() => onOpen(alert.pid)}>
                {alert.process} {alert.pid}
              </button>
            </>
          )}
        </p>
        {state.why !== "" && (
          <p class="bad" role="alert">
            Not resolved: {state.why}
          </p>
        )}
      </div>
      {alert.resolved ? (
        <span class="faint">{alert.resolution ?? "over"}</span>
      ) : (
        <button type="button" disabled={state.isAsking} onClick={() => void resolve()} aria-label={`Resolve: ${alert.message}`}>
          Resolve
        </button>
      )}
    </li>
  );
}
