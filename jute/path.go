package jute

import "errors"

// ErrPath is a path that no znode may have.
var ErrPath = errors.New("invalid znode path")

// ValidPath says whether a znode may have this path: it begins with "/", does not end with one
// (but for the root), has no empty segment and no "." or "..", and none of the UTF-16 units
// 0000-001f, 007f-009f, d800-f8ff, fff0-ffff (PathUtils.validatePath). Characters beyond the
// basic plane are surrogates in UTF-16 and so never valid.
func ValidPath(p []byte) bool {
	if len(p) == 0 || p[0] != '/' {
		return false
	}
	if len(p) == 1 {
		return true
	}
	segment := 1
	for i := 1; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		switch s := p[segment:i]; {
		case len(s) == 0, len(s) == 1 && s[0] == '.', len(s) == 2 && s[0] == '.' && s[1] == '.':
			return false
		}
		segment = i + 1
	}
	return validCharacters(p)
}

func validCharacters(p []byte) bool {
	for i := 0; i < len(p); i++ {
		b := p[i]
		if b < 0x20 || b == 0x7f {
			return false
		}
		if b < 0x80 {
			continue
		}
		r, n := decodeUnit(p[i:])
		if n == 0 || r <= 0x9f || r >= 0xd800 && r <= 0xf8ff || r >= 0xfff0 {
			return false
		}
		i += n - 1
	}
	return true
}

// decodeUnit reads one character beyond ASCII and up to three bytes; n is 0 for any other.
func decodeUnit(p []byte) (r rune, n int) {
	switch {
	case p[0] >= 0xc0 && p[0] < 0xe0 && len(p) >= 2:
		return rune(p[0]&0x1f)<<6 | rune(p[1]&0x3f), 2
	case p[0] >= 0xe0 && p[0] < 0xf0 && len(p) >= 3:
		return rune(p[0]&0x0f)<<12 | rune(p[1]&0x3f)<<6 | rune(p[2]&0x3f), 3
	}
	return 0, 0
}

// SplitPath cuts a path at its last slash: the parent ("" when it is the root, as ZooKeeper names
// it in memory and in snapshots) and the name. ok is false without a slash.
func SplitPath(p []byte) (parent, name []byte, ok bool) {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == '/' {
			return p[:i], p[i+1:], true
		}
	}
	return nil, nil, false
}
