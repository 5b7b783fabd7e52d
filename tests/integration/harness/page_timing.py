"""How soon something is on the daemon's page, told by the page itself: a question from outside takes its time too."""

# When a row that has this text is there, and drawn; milliseconds since 1970.
_ROW_DRAWN = """
const [text, done] = arguments;
const look = () => {
  const row = [...document.querySelectorAll("#processes .body .row")].find((each) => each.innerText.includes(text));
  if (row === undefined) return false;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.timeOrigin + performance.now())));
  return true;
};
const observer = new MutationObserver(look);
observer.observe(document.documentElement, {childList: true, subtree: true, characterData: true});
look();
"""


def time_of_row(browser, text):
    """Waits for the row, a minute at most; seconds since 1970, by the clock of time.time()."""
    return browser.run_async(_ROW_DRAWN, text) / 1000
