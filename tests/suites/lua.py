"""Lua: a script through most of the language and its libraries, under each of its collectors, and with a failing allocator."""

from .suite import Suite, lines_as_facts, write

SCRIPT = """
    for collector in incremental generational; do
      lua5.4 job.lua $collector 20000 | sed "s/^/$collector, /"
    done
    echo 'print(1 + 1) error("on purpose")' | lua5.4 - 2> error.txt
    echo "status of an error: $?, $(grep -c 'on purpose' error.txt)"
    luac5.4 -o job.luac job.lua && lua5.4 job.luac incremental 100 | sed 's/^/compiled, /'
    (ulimit -v 400000; lua5.4 -e 'print("out of memory: ", pcall(function() return ("x"):rep(1 << 30) end))')
"""

JOB = r"""
    local collector, n = arg[1], tonumber(arg[2])
    collectgarbage(collector)
    local function show(name, ...) print(name .. ": " .. table.concat({...}, " ")) end

    local rows = {}
    for i = 1, n do rows[i] = setmetatable({id = i, name = "row " .. (i * 7919 % n)}, {__lt = function(a, b) return a.name < b.name end}) end
    table.sort(rows, function(a, b) return a.name < b.name end)
    show("sorted", rows[1].id, rows[n].id, rows[n // 2].name)

    local parts = {}
    for word in ("the quick brown fox " .. n):rep(50):gmatch("%a+") do parts[#parts + 1] = word:upper():reverse() end
    show("words", #parts, parts[7], (table.concat(parts):gsub("%u", string.lower, 3)):sub(1, 12))
    show("packed", #string.pack("<i4 s2 d z", 7, "abc", 1.5, "end"), string.unpack("<i4", string.pack("<i4", -3)))
    show("formats", string.format("%5.2f|%-6s|%x|%q", 3.14159, "ab", 255, "a\nb"))

    local sum = 0
    local function generator(limit) return coroutine.wrap(function() for i = 1, limit do coroutine.yield(i) end end) end
    for i = 1, 200 do for value in generator(20) do sum = sum + value end end
    show("coroutines", sum)

    local closed = 0
    for i = 1, 100 do local guard <close> = setmetatable({}, {__close = function() closed = closed + 1 end}) end
    show("closed", closed)

    local finalized = 0
    for i = 1, 500 do setmetatable({}, {__gc = function() finalized = finalized + 1 end}) end
    collectgarbage() collectgarbage()
    show("finalized", finalized)

    local weak = setmetatable({}, {__mode = "k"})
    for i = 1, 100 do weak[{}] = i end
    local key = {}
    weak[key] = 101
    collectgarbage()
    local left = 0
    for _ in pairs(weak) do left = left + 1 end
    show("weak", left, weak[key])

    show("errors", select("#", pcall(error, {code = 7})), select(2, pcall(function() local x = nil; return x.y end)):match("attempt.*"))
    local function deep(k) return k == 0 and 0 or 1 + deep(k - 1) end
    show("deep", deep(10000), tostring(pcall(deep, 1e7)))
    show("big strings", #("x"):rep(5000000), #table.concat({("y"):rep(1000), ("z"):rep(1000)}, "-"))
    show("loaded", load("local a, b = ... return a * b")(6, 7), #string.dump(deep) > 0 and "dumped")
    local file = assert(io.open("numbers.txt", "w"))
    for i = 1, 1000 do file:write(i, "\n") end
    file:close()
    local total = 0
    for line in io.lines("numbers.txt", "n") do total = total + line end
    show("file", total)
    local pipe = io.popen("echo from a child; exit 3")
    show("child", pipe:read("l"), select(3, pipe:close()))
    show("utf8", utf8.len("äöü€😀"), utf8.char(228, 8364))
    show("integers", math.maxinteger // 3, 7 // -2, 7 % -3, 2^53 | 0, math.type(3 // 1.0))
"""

SUITES = [
    Suite(
        "lua", "checks", ("lua5.4", "luac5.4"), SCRIPT, lambda directory: write(directory / "job.lua", JOB), lines_as_facts, limit_s=60
    )
]
