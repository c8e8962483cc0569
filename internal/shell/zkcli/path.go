package zkcli

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"quoll/internal/shell/fault"
	"quoll/jute"
)

// CheckPath refuses a path that ZooKeeper's Java client refuses, in its words. zkCli knows no
// relative paths, and takes none for another one.
func CheckPath(path string) error {
	switch {
	case path == "":
		return fault.Usage("Path length must be > 0")
	case path[0] != '/':
		return fault.Usage("Path must start with / character")
	case path == "/":
		return nil
	case strings.HasSuffix(path, "/"):
		return fault.Usage("Path must not end with / character")
	case jute.ValidPath([]byte(path)):
		return nil
	}
	return fault.Usage("Invalid path string \"%s\" caused by %s", path, reason(path))
}

// reason is why a path is invalid. Positions count UTF-16 units, as Java does.
func reason(path string) string {
	at := 1
	for segment := range strings.SplitSeq(path[1:], "/") {
		units := utf16.Encode([]rune(segment))
		switch segment {
		case "":
			return fmt.Sprintf("empty node name specified @%d", at)
		case ".", "..":
			return fmt.Sprintf("relative paths not allowed @%d", at+len(segment)-1)
		}
		for i, c := range units {
			if c == 0 {
				return fmt.Sprintf("null character not allowed @%d", at+i)
			}
			if c <= 0x1f || c >= 0x7f && c <= 0x9f || c >= 0xd800 && c <= 0xf8ff || c >= 0xfff0 {
				return fmt.Sprintf("invalid character @%d", at+i)
			}
		}
		at += len(units) + 1
	}
	return "characters that are not UTF-8"
}
