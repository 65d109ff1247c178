local mt = {}
local function new(x) return setmetatable({x = x}, mt) end
for _, op in ipairs{"add", "sub", "mul", "div", "mod", "pow", "concat"} do
  mt["__" .. op] = function(a, b)
    return op .. "(" .. tostring(type(a) == "table" and a.x or a) .. "," .. tostring(type(b) == "table" and b.x or b) .. ")"
  end
end
mt.__unm = function(a, b) return "unm" .. a.x .. tostring(a == b) end
mt.__len = function(a) return "len" end
mt.__eq = function(a, b) return a.x == b.x end
mt.__lt = function(a, b) return a.x < b.x end
mt.__call = function(self, ...) return "call", self.x, ... end
mt.__tostring = function(a) return "T" .. a.x end
local a, b = new(1), new(2)
print(a + b, a + 1, 1 + a, "s" + a == nil, a - b, a * 2, a / b, a % 3, a ^ b, a .. b, a .. "s", "s" .. a, 1 .. a)
print(-a, #a, a == b, a == new(1), a ~= new(1), a < b, a <= b, a > b, a >= b, a(), a(1, nil), tostring(a))
print(1 .. 2 .. a .. 3 .. 4)
mt.__le = function(a, b) return "le" end
print(a <= b, a >= b, not (a <= b))
local log = {}
local p = setmetatable({}, {__index = function(t, k) return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v .. "?") end})
print(p.foo, p[1]) p.bar = "x" print(p.bar) p.bar = "y" print(p.bar)
local base = {greet = function() return "hi" end}
local mid = setmetatable({mid = 1}, {__index = base})
local obj = setmetatable({}, {__index = mid})
print(obj.mid, obj.greet(), obj.none)
local store = {}
local w = setmetatable({}, {__newindex = store}) w.a = 5 print(rawget(w, "a"), store.a)
print(getmetatable("").__index == string, ("x").len == string.len)
print(getmetatable(setmetatable({}, {__metatable = "locked"})), pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
print(pcall(setmetatable, 1, {})) print(pcall(setmetatable, {})) print(pcall(setmetatable, {}, 1))
print(pcall(function() return {} + 1 end)) print(pcall(function() return {} < {} end)) print(pcall(function() return {} < 1 end))
print(pcall(function() return 1 < "2" end)) print(pcall(function() return "a" .. {} end)) print(pcall(function() return nil .. "a" end))
print(pcall(function() return #nil end)) print(pcall(function() return -{} end)) print(pcall(function() local t = nil; t.x = 1 end))
local loop = {} setmetatable(loop, {__index = loop}) print(pcall(function() return loop.x end))
local loop2 = {} setmetatable(loop2, {__newindex = loop2}) print(pcall(function() loop2.x = 1 end))
local c = setmetatable({}, {__call = setmetatable({}, {__call = function() end})}) print(pcall(c))
local both = {__eq = function() return true end}
local x, y = setmetatable({}, both), setmetatable({}, {__eq = both.__eq})
print(x == y, x ~= y, setmetatable({}, both) == {})
print(pcall(function() local t = setmetatable({}, {__index = function(t, k) error("E" .. k) end}) return t.foo end))
local nested = setmetatable({}, {__index = function(t, k) return function(...) return k, ... end end})
print(nested.method(1), nested:other(2) == "other")
print(pcall(rawset, {}, nil, 1)) print(pcall(function() local t = {} t[nil] = 1 end)) print(pcall(function() local t = {} t[0/0] = 1 end))
print(({})[nil], ({})[0/0], rawget({}, nil))
local tt = setmetatable({}, {__tostring = function() return 5 end}) print(pcall(tostring, tt))
local proxy = newproxy(true) getmetatable(proxy).__index = function(_, k) return k end getmetatable(proxy).__len = function() return 9 end
print(proxy.abc, #proxy, type(proxy), getmetatable(newproxy(proxy)) == getmetatable(proxy), getmetatable(newproxy()))
local cmp = setmetatable({}, {__lt = function() return 1 end, __le = function() return nil end})
print(cmp < cmp, cmp <= cmp)
print(pcall(function() return newproxy(true) < newproxy(true) end))
local cc = setmetatable({}, {__concat = function(a, b) return (type(a) == "table" and "T" or a) .. "+" .. (type(b) == "table" and "T" or b) end})
print(cc .. "a" .. "b", "a" .. cc .. "b", "a" .. "b" .. cc)
mt.__index = function(t, k) return k end
print(a.zzz, a[5])
