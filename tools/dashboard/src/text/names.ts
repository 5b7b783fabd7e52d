// Long C++ and Rust names made short for a box or a cell: arguments and template arguments become
// "…". The whole name is always a hover away.

// Replaces what stands between outermost `open` and `close`. Text that does not balance comes back
// as it was; "<" of operator<, "->" and the like are no brackets, and what stands in brackets that
// follow no name says itself what the name is: "<Vec<T> as Clone>::clone" becomes "<Vec<…> as …".
function folded(name: string, open: string, close: string): string {
  let result = "";
  let depth = 0; // of brackets whose contents are left out
  const brackets: boolean[] = []; // open ones: are their contents left out?
  for (let i = 0; i < name.length; ++i) {
    const c = name[i];
    const before = name.slice(Math.max(0, i - 10), i);
    const isOperator = open === "<" && (/operator(<|>|-|<=)?$/.test(before) || before.endsWith("-"));
    if (c === open && !isOperator) {
      const folds = open === "(" || depth > 0 || /[\w$]$/.test(before);
      if (depth === 0) result += open;
      depth += Number(folds);
      brackets.push(folds);
    } else if (c === close && !isOperator) {
      const folds = brackets.pop();
      if (folds === undefined) return name;
      depth -= Number(folds);
      if (depth === 0) result += folds && name[i - 1] !== open ? `…${close}` : close;
    } else if (depth === 0) {
      result += c;
    }
  }
  return brackets.length === 0 ? result : name;
}

export function shortName(name: string): string {
  if (/^\((not recorded|[\d,.MGTP]+ small frames?)\)$/.test(name)) return name; // the page's own
  // "(anonymous namespace)::f" keeps its telling parenthesis.
  const anonymous = name.replaceAll("(anonymous namespace)", "{anonymous}");
  return folded(folded(anonymous, "<", ">"), "(", ")").replace(/ \[clone [^\]]*\]/g, "");
}
