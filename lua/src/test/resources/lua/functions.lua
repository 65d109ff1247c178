local function fact(n) if n <= 1 then return 1 end return n * fact(n - 1) end
print(fact(10), fact(20))
local function sum(n, acc) if n == 0 then return acc end return sum(n - 1, acc + n) end
print(sum(100000, 0))
local counters = {}
for i = 1, 3 do
  local n = i * 10
  counters[i] = {up = function() n = n + 1 return n end, get = function() return n, i end}
end
counters[1].up() counters[1].up() counters[2].up()
for i = 1, 3 do print(counters[i].get()) end
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 1 return i end end
print(fs[1](), fs[1](), fs[2](), fs[3]())
local k = 1
while k < 4 do local j = k fs[k] = function() j = j * 2 return j end k = k + 1 end
print(fs[1](), fs[1](), fs[2](), fs[3]())
repeat local x = 5; local g = function() return x end until g() == 5
local function outer(a)
  return function(b)
    return function(c) a = a + 1 return a, b, c end
  end
end
local inner = outer(1)(2)
print(inner(3)) print(inner(4))
local function v(...) local a, b = ... return a, b, ... end
print(v()) print(v(1)) print(v(1, 2, 3))
print((v(1, 2)))
local t = {v(1, 2), v(3, 4)}
print(#t, t[1], t[2], t[3], t[4], t[5])
function old(...) return arg.n, arg[1], arg[2] end
print(old(7, 8, 9)) print(old())
function mixed(a, ...) local x = ... return x, arg end
print(mixed(1, 2))
local obj = {n = 0}
function obj:add(x) self.n = self.n + x return self end
function obj.static(x) return x end
print(obj:add(1):add(2).n, obj.static(4))
obj.deep = {er = {}}
function obj.deep.er.f(x) return "deep" .. x end
function obj.deep.er:m(x) return self == obj.deep.er, x end
print(obj.deep.er.f(1), obj.deep.er:m(2))
print(("x"):rep(3), ("%d"):format(7), #("abc"):upper())
print(select(2, "a", "b", "c"), select(-1, "a", "b"), select('#'), select('#', nil))
print(pcall(select, 0)) print(pcall(select, -5, 1))
print(unpack({1, 2, 3})) print(unpack({1, 2, 3}, 2)) print(unpack({1, 2, 3}, 2, 3)) print(unpack({}, 1, 3))
print(pcall(unpack, {}, 1, 1e8))
local function many() return unpack({}, 1, 200) end
print(select('#', many()), select('#', many(), many()), #{many()})
print(string.format("%s %s", (function() return "a", "b" end)()))
local s = 0
for _, x in ipairs{1, 2, 3} do s = s + x end print(s)
print(type(print), type(nil), type({}), type("x"), type(2), type(false), type(coroutine.create(function() end)))
-- environments
local env = {print = print}
local function reads() return y end
setfenv(reads, env) env.y = 42
print(reads(), getfenv(reads) == env, getfenv(1) == _G, getfenv(0) == _G)
local chunk = loadstring("z = 5 return z, ...")
setfenv(chunk, env) print(chunk(1, 2)) print(env.z, z)
print(pcall(setfenv, string.len, {})) print(pcall(getfenv, 50)) print(pcall(setfenv, 1)) print(pcall(getfenv, -1))
print(loadstring("return 1 +")) print(loadstring("x ="))
local parts, at = {"return ", "1", "+2", nil}, 0
print(load(function() at = at + 1 return parts[at] end)())
print(load(function() return 1 > 2 end)) print(pcall(load, 5))
do local function tail(n) if n > 0 then return tail(n - 1) end return "done" end print(tail(50000)) end
print(tostring(nil), tostring(true), tostring(12), tostring("s"), tonumber("12"), tonumber("z", 36), tonumber("ff", 16),
  tonumber("8", 8), tonumber("  12  "), tonumber("12a"), tonumber(""), tonumber(" "), tonumber("0x"), tonumber("1e"), tonumber("1e5"),
  tonumber("-0x10"), tonumber("inf"), tonumber("nan") ~= tonumber("nan"), tonumber("1 2"), tonumber({}), tonumber(nil))
print(tonumber("7fffffffffffffff", 16), tonumber("ffffffffffffffffff", 16), tonumber("-ff", 16), tonumber("1.5", 16), tonumber("0x1f", 16))
print(pcall(tonumber)) print(pcall(tonumber, "1", 1)) print(pcall(tonumber, "1", 99)) print(pcall(tostring))
print(rawequal("a", "a"), rawequal({}, {}), rawget({5}, 1), rawset({}, 1, 2)[1])
print(next({}), next({10}), next({a = 1})) print(pcall(next, {}, "nope"))
print(assert(1, 2, 3)) print(pcall(assert, false)) print(pcall(assert, nil, "why")) print(pcall(assert)) print(pcall(assert, false, {}))
