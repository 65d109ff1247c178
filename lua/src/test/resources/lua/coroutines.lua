local co = coroutine.create(function(a, b)
  print("start", a, b)
  local c = coroutine.yield(a + b)
  print("got", c)
  local d, e = coroutine.yield(c * 2)
  print("got", d, e)
  return "end", d + e
end)
print(coroutine.status(co)) print(coroutine.resume(co, 1, 2)) print(coroutine.status(co)) print(coroutine.resume(co, 10))
print(coroutine.resume(co, 3, 4)) print(coroutine.status(co)) print(coroutine.resume(co))
local gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(gen(), gen(), gen(), gen()) print(pcall(gen))
for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end) do print(v) end
local function walk(t) if t then walk(t.l) coroutine.yield(t.v) walk(t.r) end end
local tree = {v = 2, l = {v = 1}, r = {v = 4, l = {v = 3}}}
for v in coroutine.wrap(function() walk(tree) end) do print(v) end
print(coroutine.resume(coroutine.create(function() error("oops") end)))
print(pcall(coroutine.wrap(function() error("in wrap") end))) print(pcall(coroutine.yield, 1))
print(coroutine.running())
co = coroutine.create(function() print(coroutine.running() == co, coroutine.status(co)) print(coroutine.resume(co)) end) coroutine.resume(co)
co = coroutine.create(function() local inner = coroutine.create(function() print(coroutine.status(co)) end) coroutine.resume(inner) end) coroutine.resume(co)
print(coroutine.resume(coroutine.create(function() return pcall(function() coroutine.yield(1) end) end)))
print(coroutine.resume(coroutine.create(function() local t = setmetatable({}, {__index = function() coroutine.yield(1) end}) return t.x end)))
co = coroutine.create(function() return table.foreach({1}, coroutine.yield) end) print(coroutine.resume(co))
co = coroutine.wrap(function(...) local n = select('#', ...) while true do n = n + select('#', coroutine.yield(n)) end end)
print(co(), co(1, 2), co(), co(nil))
co = coroutine.wrap(function() return coroutine.yield(1) end) print(co(), co(5, 6))
co = coroutine.wrap(function() print(coroutine.yield()) print((coroutine.yield(2))) local t = {coroutine.yield(3)} print(#t) return "x", coroutine.yield(4) end)
co() print(co("a", "b")) print(co("c", "d")) print(co(1, 2, 3)) print(co("y", "z"))
local a = coroutine.wrap(function() local b = coroutine.wrap(function() coroutine.yield("b1") coroutine.yield("b2") end)
  coroutine.yield(b()) coroutine.yield("a") coroutine.yield(b()) end)
print(a(), a(), a())
local function rec(n) if n == 0 then coroutine.yield("deep") return 0 end return 1 + rec(n - 1) end
co = coroutine.create(function() return rec(5000) end) print(coroutine.resume(co)) print(coroutine.resume(co))
local producer = coroutine.create(function() local x = 0 while true do x = x + 1 coroutine.yield(x) end end)
local total = 0 for i = 1, 1000 do local _, v = coroutine.resume(producer) total = total + v end print(total)
print(pcall(coroutine.create, 1)) print(pcall(coroutine.create, string.len)) print(pcall(coroutine.resume, 1)) print(pcall(coroutine.status, nil))
local shared = 0
local cs = {} for i = 1, 3 do cs[i] = coroutine.wrap(function() for j = 1, 2 do shared = shared + i coroutine.yield(shared) end end) end
for j = 1, 2 do for i = 1, 3 do print(cs[i]()) end end
local f = coroutine.wrap(function() local ok, e = pcall(error, "caught") coroutine.yield(ok, e) error("last") end)
print(f()) print(pcall(f)) print(pcall(f))
co = coroutine.create(function() return setfenv(1, {}) == nil end) print((coroutine.resume(co)))
print(select('#', coroutine.resume(coroutine.create(function() end))))
local d = coroutine.create(function() coroutine.resume(coroutine.running()) end) print(coroutine.resume(d))
