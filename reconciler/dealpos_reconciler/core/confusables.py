"""Characters of other alphabets that look like a letter, a digit or a mark of ASCII.

From confusables.txt of Unicode 17.0 (UTS #39, © Unicode, Inc., https://www.unicode.org/license.txt):
single characters whose prototype is ASCII, the other case of such a letter where it has the same
shape, and the small capitals. NFKD finds the rest: wide, mathematical and accented letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache


@cache
def ascii_shapes() -> Mapping[int, str]:
    """Return the ASCII character that each of them looks like, by its code point."""
    rows = [row.split() for row in _ROWS.splitlines()]
    return {int(code, 16): shape for shape, *codes in rows for code in codes}


_ROWS = """\
' 2b9 2bb 2bc 2bd 2be 2c8 2ca 2cb 2f4 55a 55d 7f4 7f5 144a 16cc 2018 2019 201b 2032 2035 a78c
, 60d 66b 201a a4f9
- 2d7 6d4 2010 2012 2013 2043 2212 2796 2cba 2cbb
. 660 6f0 701 702 a4f8 a60e 10a50
/ 1735 2041 2044 2215 2571 27cb 29f8 2cc6 2cc7 3033 30ce 31d3 4e3f 1d23a
2 1a7 3e8 14bf a644 a6ef a75a
3 1b7 21c 417 4e0 969 ae9 2c9c 2cc4 2ccc a76a a7ab 118ca 16f3b
4 13ce 118af
5 1bc 118bb
6 3ec 431 13ee 2cd2 2cd3 2cdc 118d5
7 104d2 118c6
8 222 223 9ea a6a 1031a 1e8cb
9 9ed a67 b68 d6d 2cca 2ccb a76e 118ac 118cc 118d6
: 2d0 2f8 589 5c3 703 704 16ec 1803 1809 205a 2236 a4fd a789
A 391 410 13aa 15c5 a4ee 102a0 16f40
B 392 412 13f4 15f7 2c82 a4d0 a7b4 10282 102a1 10301
C 421 13df 2ca4 a4da 102a2 10302 10415 1051c 118e9 118f2
D 13a0 15de 15ea a4d3
E 395 415 13ac 2d39 a4f0 10286 118a6 118ae
F 3dc 15b4 a4dd a798 10287 102a5 10525 118a2 118c2
G 50c 13c0 13f3 a4d6
H 397 41d 13bb 157c 2c8e a4e7 102cf
I 196 1c0 399 406 4c0 5d5 5df 627 7ca 16c1 2c92 2d4f a4f2 1028a 10309 16f28
J 37f 408 13ab 148d a4d9 a7b2
K 39a 41a 13e6 16d5 2c94 a4d7 10518
L 13de 14aa 2cd0 a4e1 1041b 10526 118a3 118b2 16f16
M 39c 3fa 41c 13b7 15f0 16d6 2c98 a4df 102b0 10311
N 39d 2c9a a4e0 10513
O 39f 41e 555 7c0 b20 ce6 12d0 2c9e 2d54 3007 a4f3 10292 102ab 10404 104c2 10516 118b5 118e0
P 3a1 420 13e2 146d 2ca2 2cce a4d1 10295
Q 2d55
R 1a6 13a1 13d2 1587 a4e3 104b4 16f35
S 405 54f 13d5 13da a4e2 10296 10420 16f3a
T 3a4 422 13a2 2ca6 a4d4 10297 102b1 10315 118bc 16f0a
U 54d 1200 144c a4f4 104ce 118b8 16f42
V 474 667 6f7 13d9 142f 2d38 a4e6 a6df 1051d 118a0 16f08
W 51c 13b3 13d4 a4ea 118e6 118ef
X 3a7 425 16b7 2cac 2d5d a4eb a7b3 10290 102b4 10317 10322 10527 118ec
Y 3a5 423 4ae 13a9 13bd 2ca8 a4ec 102b2 118a4 16f43
Z 396 13c3 a4dc 102f5 118a9 118e5
_ 7fa
a 251 3b1 430 1d00 ab7a
b 184 185 299 3b2 42c 432 44c 13cf 13fc 1472 15af 1c80 2c83 a7b5 ab9f
c 441 1004 105a 1c83 1d04 2ca5 abaf 1043d
d 501 13e7 146f 1d05 a4d2 ab70 abb7
e 3b5 435 4bd 1d07 ab32 ab7c 118ce
f 192 3dd 584 1e9d a730 a799 ab35
g 18d 261 262 50d 581 13fb 1d83 ab90
h 29c 3b7 43d 4bb 570 13c2 2c8f ab8b ab92
i 131 269 26a 3b9 456 582 13a5 2c93 a647 ab75 118c3
j 29d 3f3 458 1d0a ab7b
k 3ba 43a 1d0b 2c95 abb6
l 29f 4cf 2cd1 abae 10443 118d2
m 3bc 3fb 43c 1d0d 2c99 ab87
n 274 578 57c 2c9b
o 3bf 3c3 3ed 43e 585 5e1 647 665 6be 6c1 6d5 6f5 966 9e6 a66 ae6 b66 be6 c66 d20 d66 e50 ed0 101d
o 1040 10ff 17e0 1c82 1d0f 1d11 2c9f ab3d 1042c 104ea 114d0 118c8 118d7
p fe 1bf 3c1 3f8 440 1d18 2ca3 2ccf abb2
q 51b 563 566 a7af
r 280 433 1d26 2c85 ab47 ab48 ab71 ab81 aba2 104dc
s 1bd 455 57f d1f a731 aba5 abaa 10448 118c1
t 3c4 442 1c84 1c85 1d1b 2ca7 ab72
u 28b 3c5 57d 1d1c a79f ab4e ab52 104f6 118d8
v 3bd 475 5d8 1d20 aba9 11706 118c0
w 26f 448 461 51d 561 1d21 2cbd ab83 aba4 1170a 1170e 1170f
x 3c7 445 1541 157d 2cad ab53
y 263 28f 3b3 443 4af 10e7 1d8c 1eff 2ca9 ab5a ab79 ab8d 118dc
z 3b6 1d22 ab93 118c4 118c9
"""
