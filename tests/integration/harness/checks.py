"""What must hold for every recorded process, whatever the program did: the equations of the contract.

Each function returns a list of complaints; empty is good.
"""

SITE_SUMS = {
    # field of a site: where the sum of all sites is told
    "allocations": ("totals", "allocations"),
    "reallocations": ("totals", "reallocations"),
    "allocated_bytes": ("totals", "allocated_bytes"),
    "temporary": ("totals", "temporary"),
    "live_blocks": ("heap", "live_blocks"),
    "live_bytes": ("heap", "live_bytes"),
    "peak_bytes": ("heap", "peak_bytes"),
}


class Complaints(list):
    def equal(self, what, got, expected):
        if got != expected:
            self.append(f"{what}: {got}, expected {expected}")

    def true(self, what, condition):
        if not condition:
            self.append(what)


def check_exact(process, children_may_be_missing=False):
    """An exact session without losses: nothing missing, and everything adds up to the byte. Children of which nothing
    was recorded are a loss too; those that cannot be are not the fault of the process's own record."""
    found = Complaints()
    found.equal("mode", process.data["mode"], "exact")
    children_are_missing = process.losses["children_unrecorded"] > 0
    found.true(
        "losses.exact is not what it must be",
        process.losses["exact"] is not children_are_missing and (children_may_be_missing or not children_are_missing),
    )
    for name in ("dropped_allocations", "dropped_frees", "unmatched_frees"):
        found.equal(f"losses.{name}", process.losses[name], 0)
    totals, heap = process.totals, process.heap
    found.equal("live_bytes", heap["live_bytes"], totals["allocated_bytes"] - totals["freed_bytes"])
    if heap["inherited_blocks"] == 0:
        found.equal("live_blocks", heap["live_blocks"], totals["allocations"] - totals["frees"])
    return found + check_sums(process)


def check_sums(process):
    """The equations that hold in every session with stacks."""
    found = Complaints()
    report, totals, heap = process.report, process.totals, process.heap
    for field, (group, total) in SITE_SUMS.items():
        found.equal(f"sum of sites.{field}", sum(site[field] for site in process.sites), process.data[group][total])
    for site in process.sites:
        found.true(f"site of unknown stack {site['stack']}", report.has_stack(site["stack"]))
        found.true("own peak below the share of the peak", site["own_peak_bytes"] >= site["peak_bytes"])
        found.true("own peak below what is live", site["own_peak_bytes"] >= site["live_bytes"])
    stacks = [site["stack"] for site in process.sites]
    found.equal("sites with a stack of their own", len(set(stacks)), len(stacks))
    found.true("the peak is below what is live", heap["peak_bytes"] >= heap["live_bytes"])
    found.equal("sum of functions.failed", sum(f["failed"] for f in process.functions.values()), totals["failed"])
    found.equal("sum of failures.count", sum(f["count"] for f in process.failures), totals["failed"])
    for failure in process.failures:
        found.true(f"failure of unknown stack {failure['stack']}", report.has_stack(failure["stack"]))
    found.equal(
        "mapped.live_bytes",
        process.mapped["live_bytes"],
        totals["mapped_bytes"] - totals["unmapped_bytes"],
    )
    return found + check_leaks(process)


def check_leaks(process):
    found = Complaints()
    leaks = process.data.get("leaks")
    if not leaks:
        return found
    for unit in ("bytes", "blocks"):
        listed = sum(record[unit] for record in leaks["records"])
        live = process.heap[f"live_{unit}"]
        found.equal(f"leak records and suppressed, in {unit}", listed + leaks[f"suppressed_{unit}"], live)
        for kind in ("definite", "indirect", "possible", "reachable"):
            of_kind = sum(record[unit] for record in leaks["records"] if record["kind"] == kind)
            found.equal(f"leaks.{kind}_{unit}", leaks[f"{kind}_{unit}"], of_kind)
    return found


def check_frames(report):
    """Frames are well formed: names or null, addresses in hex, an inlined frame never the last."""
    found = Complaints()
    for index, frame in enumerate(report.data["frames"]):
        where = f"frame {index}"
        found.true(f"{where}: function", frame["function"] is None or isinstance(frame["function"], str))
        found.true(f"{where}: offset", isinstance(frame["offset"], str) and frame["offset"].startswith("0x"))
        found.true(f"{where}: line", isinstance(frame["line"], int) and frame["line"] >= 0)
    for stack in report.data["stacks"]:
        frames = report.frames(stack["id"])
        found.true(f"stack {stack['id']} ends inlined", not frames or not frames[-1]["inlined"])
        modules = [frame["module"] or "" for frame in frames[:1]]
        found.true(
            f"stack {stack['id']} begins in the shim",
            not any("libmemwatch" in module for module in modules),
        )
    return found
