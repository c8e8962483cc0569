package jute

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Java's server keeps a ustring as UTF-16, and may write other bytes than it read. It reads UTF-8,
// and replaces each malformed part by one U+FFFD: the longest part that could have begun a
// character but does not go on as one. It writes each UTF-16 unit by itself, so that a character
// beyond the basic plane leaves as two surrogates of three bytes each. Such a pair does not read
// back.
//
//	f0 9f 98 80 --read--> d83d de00 --write--> ed a0 bd ed b8 80 --read--> fffd fffd

// javaKeeps says whether Java writes b as it read it: valid, and within the basic plane.
func javaKeeps(b []byte) bool {
	for _, x := range b {
		if x >= 0xf0 {
			return false
		}
	}
	return utf8.Valid(b)
}

// JavaBytes is what Java's getBytes(UTF_8) returns for the string that it has read from b: each
// malformed part is replaced, and every character is written as proper UTF-8.
func JavaBytes(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = malformedLen(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return out
}

// JavaText is what Java writes after it read b. A nil b stays nil.
func JavaText(b []byte) []byte {
	if b == nil {
		return nil
	}
	out := make([]byte, 0, 3*len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, "\uFFFD"...)
			n = malformedLen(b)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = appendUnit(appendUnit(out, high), low)
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// PlainText is proper UTF-8 for people. Surrogate pairs that JavaText made are joined again, and a
// single surrogate becomes a question mark, as where Java prints.
func PlainText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if high := surrogate(s); r == utf8.RuneError && high != 0 {
			r, n = utf16.DecodeRune(high, surrogate(s[3:])), 6
			if r == utf8.RuneError {
				r, n = '?', 3
			}
		}
		out.WriteRune(r)
		s = s[n:]
	}
	return out.String()
}

// surrogate is the surrogate that s begins with, 0 if there is none.
func surrogate(s string) rune {
	if len(s) < 3 || s[0] != 0xed || s[1] < 0xa0 || s[1] > 0xbf || s[2]&0xc0 != 0x80 {
		return 0
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
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
