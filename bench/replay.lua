-- Replays requests that the runner has written, byte for byte as it has checked them.
--
-- BENCH_REQUESTS names a file of requests, each preceded by its length and a newline. Where a
-- request holds "@COUNTER@", a number that rises with every request takes its place.

local MARK = "@COUNTER@"
local requests = {}
local tails = {}
local position = 0
local counter = 0

local function load(path)
   local file = assert(io.open(path, "rb"))
   local length = file:read("*n")
   while length do
      file:read(1)
      local text = file:read(length)
      local first, last = text:find(MARK, 1, true)
      if first then
         requests[#requests + 1] = text:sub(1, first - 1)
         tails[#requests] = text:sub(last + 1)
      else
         requests[#requests + 1] = text
      end
      length = file:read("*n")
   end
   file:close()
end

load(assert(os.getenv("BENCH_REQUESTS")))
counter = tonumber(os.getenv("BENCH_COUNTER") or "0")

if #requests == 1 and not tails[1] then
   -- One request that never changes: wrk keeps its bytes and never calls Lua again.
   function init(args)
      wrk.format = function() return requests[1] end
   end
else
   function request()
      position = position % #requests + 1
      local tail = tails[position]
      if not tail then
         return requests[position]
      end
      counter = counter + 1
      return requests[position] .. string.format("%010d", counter) .. tail
   end
end

function done(summary, latency, threads)
   local errors = summary.errors
   io.write(string.format(
      "BENCH requests=%d microseconds=%d bytes=%d connect=%d read=%d write=%d timeout=%d status=%d " ..
      "p50=%d p99=%d\n",
      summary.requests, summary.duration, summary.bytes, errors.connect, errors.read, errors.write,
      errors.timeout, errors.status, latency:percentile(50), latency:percentile(99)
   ))
end
