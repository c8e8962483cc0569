package main

import (
	"regexp"
	"strings"
)

// call is one system call of the server.
type call struct {
	name  string
	path  string // of the descriptor or the first name; "socket" for a client's
	to    string // of a rename
	flags string // the text behind the path
	begun int    // place in the trace
}

// calls are those that the model looks at.
const calls = "trace=openat,creat,close,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg," +
	"ftruncate,fallocate,fsync,fdatasync,sync_file_range,copy_file_range," +
	"rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"

var (
	begins = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	ends   = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
	fd     = regexp.MustCompile(`^\d+<([^>]*)>?(.*)$`)
	named  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// reader cuts strace's output into beginnings and ends of calls. A call that another thread's call
// interrupts has two lines.
type reader struct {
	at   int
	open map[string]*call // by thread
	m    *model
}

func (r *reader) line(line string) {
	r.at++
	line = strings.TrimSpace(line)
	if m := begins.FindStringSubmatch(line); m != nil {
		c := parse(m[2], m[3], r.at)
		r.m.begin(c)
		if strings.HasSuffix(line, "<unfinished ...>") {
			r.open[m[1]] = c
			return
		}
		r.end(c, line)
		return
	}
	if m := ends.FindStringSubmatch(line); m != nil {
		if c := r.open[m[1]]; c != nil {
			delete(r.open, m[1])
			r.end(c, line)
		}
	}
}

func (r *reader) end(c *call, line string) {
	if result := line[strings.LastIndex(line, "= ")+1:]; strings.HasPrefix(result, " -1") {
		return // it did nothing
	}
	r.m.end(c, r.at)
}

func parse(name, arguments string, at int) *call {
	c := &call{name: name, begun: at, flags: arguments}
	switch name {
	case "openat", "creat", "mkdir", "mkdirat", "unlink", "unlinkat",
		"rename", "renameat", "renameat2", "link", "linkat":
		names := named.FindAllStringSubmatch(arguments, -1)
		if len(names) > 0 {
			c.path = names[0][1]
		}
		if len(names) > 1 {
			c.to = names[1][1]
		}
		return c
	}
	m := fd.FindStringSubmatch(arguments)
	if m == nil {
		return c
	}
	c.path, c.flags = m[1], m[2]
	if strings.HasPrefix(c.path, "TCP") {
		c.path = "socket"
	}
	return c
}
