package jute

import "unicode/utf8"

// javaUTF8 decodes b as Java's String(bytes, UTF_8) does and encodes it again: each maximal part
// that could have begun a character but does not go on as one becomes a single U+FFFD.
func javaUTF8(b []byte) []byte {
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out = append(out, "\uFFFD"...)
			b = b[malformedLen(b):]
			continue
		}
		out = append(out, b[:n]...)
		b = b[n:]
	}
	return out
}

// malformedLen says how many bytes at the front of b, which do not begin a character, are
// replaced together.
func malformedLen(b []byte) int {
	lead := b[0]
	want, low, high := 0, byte(0x80), byte(0xbf)
	switch {
	case lead >= 0xc2 && lead <= 0xdf:
		want = 1
	case lead >= 0xe0 && lead <= 0xef:
		want = 2
		if lead == 0xe0 {
			low = 0xa0
		}
		if lead == 0xed {
			// A surrogate: Java reads all three bytes as one malformed character.
			return surrogateLen(b)
		}
	case lead >= 0xf0 && lead <= 0xf4:
		want = 3
		if lead == 0xf0 {
			low = 0x90
		}
		if lead == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for n <= want && n < len(b) && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}

func surrogateLen(b []byte) int {
	n := 1
	for n < 3 && n < len(b) && b[n] >= 0x80 && b[n] <= 0xbf {
		n++
	}
	return n
}
