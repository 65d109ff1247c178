-- values, operators, precedence, scoping
print(1, 1.5, 1e15, 1e14, 1e100, 0.1, 1/3, 2^53, 2^63, -2^63, 100000000000000, 123456789012345)
print(1/0, -1/0, 5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, 2^10, 2^0.5, 7 / 2, -2 ^ 2, 2 ^ 3 ^ 2)
print(0x10, 0xff, 0XA, 3e2, 3E-2, .5, 3., 0x8p1)
print("10" + 5, "0x10" * 2, " 7 " - 1, "1e1" / 1, -"2", 10 .. 20, 1.5 .. "|", 0 .. "")
print(1 < 2, 1 <= 1, "a" < "b", "a" < "B", "" < "a", "a\0b" < "a\0c", "Z" <= "Z", 1 == "1", nil == false)
print(not nil, not 0, nil and 1, false or nil, 1 and 2, nil or "x", false and error("no"), 1 or error("no"))
print(#"abc", #"a\0b", #{1, 2, 3}, #{}, #{n = 1}, #{1, 2, nil, 4}, #{nil}, #{nil, 2})
print("a\tb\\n\65\066\10x\'\"", 'single "quoted"', [[long
string]], [==[with ]] inside]==], [[
first newline dropped]])
print("line\
break", "\z" == "z", "\a\b\f\v" == "\7\8\12\11")
local a, b, c = 1, 2
print(a, b, c)
a, b = b, a
print(a, b)
local t = {1, 2, 3, x = 1, ["y z"] = 2, [10] = 3; 4}
print(t[1], t[4], t.x, t["y z"], t[10], #t)
local i = 1
i, t[i] = i + 1, 20
print(i, t[1], t[2])
do local a = 5 print(a) end
print(a)
if a == 2 then print("two") elseif a == 1 then print("one") else print("other") end
local n = 0
while true do n = n + 1 if n > 5 then break end end
print(n)
repeat local done = n > 7; n = n + 1 until done
print(n)
for i = 1, 3 do io_ = i end
print(io_)
for i = 3, 1, -1 do print(i) end
for i = 1, 0 do print("never") end
for i = 0.1, 0.5, 0.1 do print(i) end
for i = "1", "3" do print(i) end
for k, v in ipairs({"a", "b", nil, "d"}) do print(k, v) end
for k, v in pairs({10, 20, 30, a = 1, b = 2, c = 3}) do print(k, v) end
local function f(...) return select('#', ...), ... end
print(f(), f(1), f(nil, nil), (f(1, 2, 3)))
print((f(1, 2)), f(f(1, 2), 3))
print(({f(1, 2)})[3])
