package nodes

import (
	"fmt"
	"strings"
)

const dumpRule = "+--------+-------------------------------------------------+----------------+"

// nettyDump is the dump of zkCli's get -x, which is Netty's.
func nettyDump(data []byte) string {
	var b strings.Builder
	b.WriteString("         +-------------------------------------------------+\n")
	b.WriteString("         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n")
	b.WriteString(dumpRule)
	for at := 0; at < len(data); at += 16 {
		line := data[at:min(at+16, len(data))]
		fmt.Fprintf(&b, "\n|%08x|", at)
		for _, c := range line {
			fmt.Fprintf(&b, " %02x", c)
		}
		b.WriteString(strings.Repeat("   ", 16-len(line)) + " |")
		for _, c := range line {
			if c <= 0x1f || c >= 0x7f {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteString(strings.Repeat(" ", 16-len(line)) + "|")
	}
	b.WriteString("\n" + dumpRule)
	return b.String()
}
