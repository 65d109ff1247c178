-- chunks that must be refused, with the words of the original
local bad = {"x = ", "x = = 1", "for", "for i", "for i = 1", "for i = 1, 2", "for i in", "if", "if x", "if x then", "if x then else", "while", "while x do", "repeat", "repeat until",
  "function", "function f", "function f(", "function f(a", "function f(a,", "function f(...", "function f(..., a) end", "function f() end end", "local", "local 1", "local function", "return return", "return 1 2", "break", "x", "x.y", "x:y", "f() = 1",
  "(f()) = 1", "(a) = 1", "a, f() = 1", "1 = 2", "'x' = 1", "x = 'abc", "x = \"abc\ndef\"", "x = [[abc", "x = [==[abc]]", "x = [=abc", "--[[ open", "--[==[ open ]]", "x = 1..2", "x = 1e", "x = 0x", "x = 3x", "x = 1.2.3", "x = \"\\300\"", "x = {", "x = {1,", "x = {1 2}",
  "x = {[1 = 2}", "x = {[1]}", "goto x", "x = a.1", "x = a.'b'", "x = a:b", "x = @", "x = $", "x ~ 1", "x = 1 ~= ", "x != 1", "do", "do end end", "end", "else", "until x", "f(", "f(1", "f(1,", "f 1", "x = function", "x = function(", "x = ...; function f() return ... end", "local x = 1 = 2",
  "a.b:c = 1", "a:b() = 1", "a, b", "a, b =", "local a.b = 1", "for a.b = 1, 2 do end", "for 1 = 1, 2 do end", "and", "x = and", "x = not", "x = -", "x = #", "x = 1 +", "x = (1", "x = (1, 2)", "x = ()", "break x", "return; x = 1", "do return 1 end x = ", "x = 'a\\", "x = \"\\", "\1", "x\0y", "x = [[a[[b]]",
  "a\n(b)()", "f\n(1)", "x = f\n'x'", "local a = {} a.b\n(1)", "if x then return end end", "while true do break x = 1 end", "for i = 1 do end", "for i = 1, 2, 3, 4 do end", "function a.b.c:d:e() end", "function a[1]() end", "local function a.b() end", "x = a and", "x = a ..", "x = \"a\" \"b\"", "f{", "f{}{", "x = 'a\\400'", "--[[x]] y", "#!shebang", "# x\nreturn x +", "; x = 1", "x = 1;; y = 2", "x = ~1", "x = 1 // 2", "x = 1 & 2", "::a::", "x = 0xg", "x = 0x1p", "x = 1e+", "x = .e1", "x = ..", "x = '\r'"}
for i, source in ipairs(bad) do
  local f, m = loadstring(source, "=c")
  print(i, f == nil, m)
  f, m = loadstring(source) print(m)
end
print(loadstring("x =", "@file.lua")) print(loadstring("x = =", "a\nb")) print(loadstring("x =", ""))
local function limit(n, f, tail) local parts = {} for i = 1, n do parts[i] = f(i) end local r, m = loadstring(table.concat(parts) .. (tail or ""), "=c") print(n, r ~= nil, m) end
limit(200, function(i) return "local a" .. i .. " " end) limit(201, function(i) return "local a" .. i .. " " end) limit(100, function() return "do " end) limit(201, function() return "do " end) limit(250, function() return "(" end) limit(250, function() return "{" end)
limit(190, function() return "x = -" end) limit(300, function() return "f(" end) limit(1000, function(i) return (i == 1 and "x = " or "+") .. i end) limit(1000, function(i) return (i == 1 and "x = a" or ".b") end) limit(500, function(i) return i == 1 and "return f" or "()" end) limit(3000, function(i) return i == 1 and "return a" or " or a" .. i end) limit(3000, function(i) return i == 1 and "return a" or (i % 2 == 0 and " and a" or " or a") .. i end)
limit(150, function(i) return i == 1 and "x = a" or " .. a" end) limit(5000, function(i) return "x" .. i .. " = " .. i .. ".5\n" end) limit(1000, function(i) return i == 1 and "if x == 1 then y = 1" or " elseif x == " .. i .. " then y = " .. i end, " end")
print(loadstring("return " .. ("1 + "):rep(500) .. "1")()) print(loadstring("local a = 1 return a" .. (" + a"):rep(5000))()) print(loadstring("local a = {} a.b = a return a == a" .. (".b"):rep(2000))()) print(loadstring("local function f() return f end f = function() return f end return f" .. ("()"):rep(1000) .. " == f")())
print(loadstring("local t = {} for i = 1, 300 do t[i] = i end return " .. ("t[1] == 2 or "):rep(1000) .. "'last'")()) print(#loadstring("return {" .. ("1, "):rep(5000) .. "}")()) print(select('#', loadstring("return " .. ("1, "):rep(200) .. "1")()))
print(loadstring("local a, b, c = ... return a, b, c")(1, 2)) print(loadstring("return ...")(1, nil, 3)) print(loadstring("#!/bin/lua\nreturn 5"))
do local a, b = 1, 2; local function f() return a, b end; a, b = b, a; print(f()) end
local x = 5 local t = {x = x, [x] = x, x} print(t.x, t[5], t[1]) x = {x} print(x[1]) local y = y y = {y = y} print(y.y)
local a = {1} a[1], a = 2, {3} print(a[1]) local i, t2 = 1, {} i, t2[i] = 2, "one" print(i, t2[1], t2[2]) local p = {q = {}} p.q.r, p.q = 1, nil print(p.q)
local o = {v = 1} o = o.v and {w = o.v} or o print(o.w) local n = 5 n = n + n * n print(n) local s = "a" s = s .. s .. (s and "b" or s) print(s) local b1 = 1 b1 = b1 == 1 print(b1) local nn = nil nn = nn == nil and "nil" or nn print(nn)
local fn = function(v) return v end local r = fn(1) + fn(2) * fn(3) print(r) r = fn(r) r = {fn(r), fn(r)} print(#r) r = r[fn(1)] print(r) local u = 3 u = -u print(u) u = not u print(u) u = #"abc" + (u and 1 or 2) print(u)
print(1 < 2 == true, "x" == "x" ~= false, 1 + 2 < 4 and 5 or 6, not 1 == 2, not (1 == 2), -3 ^ 2, 2 ^ -1, 1 .. 2 == "12", "a" .. "b" == "ab" and "yes", 2 * 3 % 4, -2 % 3, (2 + 3) * 4)
local function cond(a, b, c) if a and b or c then return 1 elseif not (a or b) and not c then return 2 elseif (a or b) and not (a and b) then return 3 end return 4 end
for _, q in ipairs{{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false}, {nil, nil, true}} do print(cond(q[1], q[2], q[3])) end
local v1 = nil and 1 or 2 local v2 = (false or nil) == nil local v3 = 1 and nil local v4 = not nil and not false local v5 = 5 > 3 and "gt" or "le" local v6 = (5 > 3) == (2 > 1) print(v1, v2, v3, v4, v5, v6)
while n > 0 and (n ~= 20 or s) do n = n - 7 end print(n) repeat local z = n; n = n + 1 until z > 3 or z == 2 print(n) if nil then elseif 0 then print("zero is true") end if not (n < 0) and n > -1 then print("pos") end
print((function(...) return select('#', ...) end)(nil, nil), (function(a, ...) return a, ... end)(1, 2, 3)) print(#{(function() return 1, 2, 3 end)()}, #{((function() return 1, 2, 3 end)())})
for i = 1, 3 do for j = 1, 3 do if j == 2 then break end io_ = (io_ or "") .. i .. j end end print(io_) for i = 5, 1 do print("no") end for i = 1, 1 do print("once") end for i = 1, 3 do local i = i * 2 io_ = i end print(io_)
for i = 1, 3 do i = i + 10 print(i) end for i = 3, 1, -2 do print(i) end for i = 1, math.huge do if i > 3 then break end print(i) end for i = 1, 2, 0 do print("zero step") break end
