// The daemon's live messages, over a WebSocket: a browser has six connections to a server for all its
// windows, and those do not count among them. Where there can be none (a proxy in between) by server-sent
// events, the same messages.
export interface Listener {
  opened: () => void;
  told: (type: string, message: unknown) => void;
  ended: () => void; // once, whether it was opened or not; not after close()
}

export interface Stream {
  close: () => void;
}

const EVENTS = ["process", "sample", "breakdown", "alert"];

export interface Ways {
  socket: () => Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "close">;
  events: () => Pick<EventSource, "onopen" | "onerror" | "addEventListener" | "close">;
}

const OF_THIS_SERVER: Ways = {
  socket: () => new WebSocket(new URL("api/v1/ws", document.baseURI.replace(/^http/, "ws"))),
  events: () => new EventSource("api/v1/stream"),
};

export function openStream(listener: Listener, ways: Ways = OF_THIS_SERVER): Stream {
  let close = () => {};
  let isClosed = false;

  const listenToEvents = () => {
    const source = ways.events();
    close = () => source.close();
    source.onopen = listener.opened;
    // It would go on by itself; whoever asked decides when.
    source.onerror = () => {
      source.close();
      if (!isClosed) listener.ended();
    };
    for (const type of EVENTS) {
      source.addEventListener(type, (event) => {
        if (!isClosed) listener.told(type, JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };

  const socket = ways.socket();
  let isOpen = false;
  close = () => socket.close();
  socket.onopen = () => {
    isOpen = true;
    if (!isClosed) listener.opened();
  };
  socket.onmessage = (event: MessageEvent<string>) => {
    const message = JSON.parse(event.data) as { type: string };
    if (!isClosed) listener.told(message.type, message);
  };
  socket.onclose = () => {
    if (isClosed) return;
    if (isOpen) listener.ended();
    else listenToEvents();
  };
  return {
    close: () => {
      isClosed = true;
      close();
    },
  };
}
