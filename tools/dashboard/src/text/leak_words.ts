// How sure a verdict on leaks is, in the words of the text reports. Pure.

export const asFarAsSeen = (allSeen: boolean): string => (allSeen ? "" : ", as far as could be seen");

// No tick where something may have led to a block while it was read.
export const noLeakFound = (allSeen: boolean): string => `${allSeen ? "✓ " : ""}No leak was found${asFarAsSeen(allSeen)}`;
