package hostile

import (
	"math"
	"strings"
)

// Paths are mostly invalid; those that are valid look as if they were not.
var Paths = []string{ // read-only: a table
	"", "a", "a/b", "/a/", "//", "/a//b", "//a", "/.", "/..", "/a/.", "/a/./b", "/a/..",
	"/a/../b", "/...", "/a/.b", "/a/..b", "/a\x00b", "/\x00", "/\x01", "/\x1f", "/\x7f",
	"/\u0080", "/\u009f", "/\u00a0", "/\ud7ff", "/\ue000", "/\uf8ff", "/\uf900", "/\uffef",
	"/\ufff0", "/\uffff", "/😀", "/a/😀/b", "/\xff", "/\xc3", "/\xed\xa0\x80", "/é", "/ ",
	"/a b", "/zookeeper/../a", " /a", "/a\xf0\x9f", "/\xc0\x80", "/%", "/a?b=c",
	"/" + strings.Repeat("long", 1500),
}

// Names are valid names of nodes that are not ASCII, or sort oddly.
var Names = []string{ // read-only: a table
	"é", "ü", "日本", "ж", "\uf900", "-", " ", "~", "A", "a.b", ".x", "x..", "%00", "\u00a0",
}

// Addresses are ids of the scheme ip.
var Addresses = []string{ // read-only: a table
	"127.0.0.1", "127.0.0.1", "127.0.0.1/32", "127.0.0.0/8", "10.0.0.0/8", "127.0.0.1/33",
	"127.0.0.1/-1", "127.0.0.1/", "127.0.0.1/x", "1.2.3", "1.2.3.4.5", "256.0.0.1", "", "/8",
	"::1", "::1/128", "::/0", "fe80::1/64", "::1/129", "::ffff:127.0.0.1", "1::2::3", ":::",
	"0.0.0.0/0", "1.2.3.4/32/1", "[::1]", "0x7f.0.0.1", "0127.0.0.1", " 127.0.0.1",
}

// DigestIDs are ids of the scheme digest that nobody is.
var DigestIDs = []string{"", "a", "a:b", "a:b:c", ":", "é:x"} // read-only: a table

// WorldIDs are ids of the scheme world that are not "anyone".
var WorldIDs = []string{"", "someone", "ANYONE"} // read-only: a table

// Schemes are those that no ACL may name.
var Schemes = []string{ // read-only: a table
	"", "none", "WORLD", "sasl", "x509", "super", "host",
}

// Perms are permissions: each alone, many, none, and bits that mean nothing.
var Perms = []int32{ // read-only: a table
	31, 31, 31, 1, 2, 4, 8, 16, 3, 15, 0, 32, 63, -1,
}

// Versions are those that hardly any node has.
var Versions = []int32{-2, 0, 1, math.MaxInt32, math.MinInt32} // read-only: a table

// QuotaTexts are what a client's setquota writes. Others are not sent: on some of them Apache's
// server ends.
var QuotaTexts = []string{ // read-only: a table
	"count=3,bytes=-1", "count=-1,bytes=20", "count=5,bytes=100",
	"count=10,bytes=1000=;byteHardLimit=-1;countHardLimit=-1",
	"count=-1,bytes=-1=;byteHardLimit=30;countHardLimit=-1",
	"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=4",
	"count=2,bytes=10=;byteHardLimit=200;countHardLimit=20",
}

// Zxids are what a client may say to have seen.
var Zxids = []int64{ // read-only: a table
	0, -1, 1, 2, math.MaxInt64, math.MinInt64, 1 << 32, 1<<32 - 1,
}
