package arch

import (
	"go/ast"
	"path"
	"strings"
)

// A rule says who may be imported by the rooms it names. A name that ends in
// "/..." means the folder and everything below it.
type importRule struct {
	room string
	may  []string
}

// roomImports is the picture of DESIGN.md: imports point down only. The first
// line that matches a room rules it. The standard library is judged apart.
//
// read-only: the table of the house.
var roomImports = []importRule{
	{"jute", nil},
	{"jute/ensemble", []string{"jute"}},
	{"jute/internal/...", []string{"jute"}},
	{"datatree/watch", []string{"jute"}},
	{"datatree/internal/...", []string{"jute", "datatree/internal/..."}},
	{"datatree/...", []string{"jute", "datatree/..."}},
	{"persistence/disk", []string{"jute"}},
	{"persistence/snap", []string{"jute"}},
	{"persistence/twice", []string{"jute"}},
	{"persistence/names", []string{"jute", "persistence/snap"}},
	{"persistence/record", []string{"jute", "persistence/disk"}},
	{"persistence/logfile", []string{
		"jute", "persistence/disk", "persistence/names", "persistence/record",
	}},
	{"persistence/walmeta", []string{"jute", "persistence/disk", "persistence/names"}},
	{"persistence/alone", []string{"jute", "persistence/disk", "persistence/names"}},
	{"persistence/readlog", []string{
		"jute", "persistence/disk", "persistence/record", "persistence/twice",
	}},
	{"persistence", []string{
		"jute", "persistence/disk", "persistence/logfile", "persistence/names",
		"persistence/readlog", "persistence/record", "persistence/snap", "persistence/twice",
		"persistence/walmeta",
	}},
	{"persistence/...", []string{"jute", "persistence/..."}},
	{"quorum/transport", []string{"jute", "quorum/config"}},
	{"quorum/config", []string{"jute"}},
	{"quorum/election", []string{"jute", "jute/ensemble", "quorum/config"}},
	{"quorum/ports", []string{
		"jute", "jute/ensemble", "quorum/config", "quorum/effects", "quorum/election",
		"quorum/transport", "quorum/zab",
	}},
	{"quorum/effects", []string{"jute", "quorum/config"}},
	{"quorum/zab/...", []string{
		"jute", "jute/ensemble", "quorum/config", "quorum/effects", "quorum/zab/...",
	}},
	{"quorum", []string{
		"jute", "jute/ensemble", "quorum/config", "quorum/effects", "quorum/election",
		"quorum/zab/...",
	}},
	{"reactor/socket", nil},
	{"reactor/door", []string{"reactor/socket"}},
	{"reactor/leftover", []string{"reactor/socket"}},
	{"reactor", []string{"jute", "reactor/door", "reactor/leftover", "reactor/socket"}},
	{"client/wire", []string{"jute"}},
	{"client/internal/machine", nil},
	{"client/internal/hosts", []string{"jute"}},
	{"client/internal/watches", []string{"jute"}},
	{"client/internal/calls", []string{"jute", "client/internal/machine"}},
	{"client/internal/link", []string{"jute", "client/wire", "client/internal/calls"}},
	{"client/internal/keeper", []string{"jute", "client/wire", "client/internal/..."}},
	{"client/recipes/...", []string{"jute", "client", "client/recipes/..."}},
	{"client", []string{"jute", "client/internal/..."}},
	{"examples/...", []string{"client", "client/recipes/..."}},
	{"internal/shell/output", []string{"client"}},
	{"internal/shell/contexts", nil},
	{"internal/shell/fault", []string{"client"}},
	{"internal/shell/acl", []string{"jute", "client", "internal/shell/fault"}},
	{"internal/shell/walk", []string{"client"}},
	{"internal/shell/settings", []string{
		"jute", "client", "internal/shell/contexts", "internal/shell/fault",
		"internal/shell/output",
	}},
	{"internal/shell/zkcli", []string{"jute", "internal/shell/fault", "internal/shell/settings"}},
	{"internal/shell/verb", []string{
		"client", "internal/shell/contexts", "internal/shell/fault", "internal/shell/output",
		"internal/shell/settings", "internal/shell/zkcli",
	}},
	{"internal/shell/...", []string{
		"jute", "client", "client/recipes/...", "internal/shell/...",
	}},
	{"internal/contest", []string{"jute", "client", "client/recipes/...", "internal/proxy"}},
	{"internal/example", []string{"client", "zktest"}},
	{"zktest", []string{
		"jute", "client", "client/wire", "internal/config", "internal/proxy", "internal/server",
		"internal/sim/simfs",
	}},
	{"processor/arena", nil},
	{"processor/flow", nil},
	{"processor/throttle", nil},
	{"processor/op", []string{"jute"}},
	{"processor/auth", []string{"jute"}},
	{"processor/session", []string{"jute"}},
	{"processor/tell", []string{"jute"}},
	{"processor/stats", []string{"jute", "processor/op"}},
	{"processor/multi", []string{"jute", "datatree"}},
	{"processor/journal", []string{"jute", "datatree"}},
	{"processor/reads", []string{
		"jute", "datatree", "datatree/watch", "processor/op", "processor/auth",
		"processor/multi", "processor/stats", "processor/tell",
	}},
	{"processor/mail", []string{
		"jute", "datatree/watch", "processor/op", "processor/arena", "processor/auth",
		"processor/session",
	}},
	{"processor/lane", []string{
		"jute", "datatree", "processor/op", "processor/mail", "processor/reads",
		"processor/arena", "processor/auth", "processor/flow", "processor/session",
		"processor/stats", "processor/tell", "processor/throttle",
	}},
	{"processor/prep", []string{
		"jute", "datatree", "processor/op", "processor/journal", "processor/multi",
		"processor/arena", "processor/auth", "processor/session", "processor/stats",
		"processor/tell",
	}},
	{"processor", []string{
		"jute", "datatree", "datatree/watch", "processor/op", "processor/mail",
		"processor/reads", "processor/prep", "processor/multi", "processor/arena",
		"processor/auth", "processor/session", "processor/stats", "processor/tell",
		"processor/throttle",
	}},

	{"internal/arch", nil},
	{"internal/authority", nil},
	{"internal/hostile", nil},
	{"internal/config", []string{"jute", "quorum/config", "internal/config/spelling"}},
	{"internal/config/spelling", nil},
	{"internal/metrics", nil},
	{"internal/mutants", nil},
	{"internal/transcript", nil},
	{"internal/proxy", []string{"jute"}},
	{"internal/model/...", []string{"jute", "internal/model/..."}},
	{"internal/reference", []string{"jute", "client/wire"}},
	{"internal/replica", []string{
		"jute", "datatree", "datatree/watch", "processor/...",
		"quorum", "quorum/config", "quorum/effects", "quorum/election", "quorum/zab/...",
		"internal/metrics",
	}},
	{"internal/replica/...", []string{
		"jute", "jute/ensemble", "datatree", "persistence", "persistence/names",
		"persistence/readlog", "persistence/snap", "processor/...", "quorum", "quorum/config",
		"quorum/effects", "quorum/election", "quorum/zab/...", "internal/replica",
	}},
	{"internal/clientlog", []string{"jute", "processor/tell", "reactor"}},
	{"internal/admin", []string{
		"jute", "datatree", "datatree/watch", "processor/...",
		"internal/config", "internal/metrics",
	}},
	{"internal/sim/world", nil},
	{"internal/sim/pipe", []string{"internal/sim/world"}},
	{"internal/sim/simfs", []string{"persistence", "persistence/disk"}},
	{"internal/sim/links", []string{"jute", "internal/sim/world", "internal/sim/pipe"}},
	{"internal/sim/fuse", []string{"internal/sim/world", "internal/sim/simfs"}},
	{"internal/sim/history", []string{"jute", "internal/model"}},
	{"internal/sim/ledger", []string{"jute", "internal/sim/history"}},
	{"internal/sim/lease", []string{"jute", "internal/sim/history"}},
	{"internal/sim/witness", []string{
		"jute", "jute/ensemble", "processor/lane", "processor/tell", "quorum/effects",
		"internal/sim/world", "internal/sim/history", "internal/sim/lease",
	}},
	{"internal/sim/nemesis", []string{"internal/sim/world", "internal/sim/pipe"}},
	{"internal/sim/requests", []string{"jute", "internal/hostile"}},
	{"internal/sim/client", []string{
		"jute", "internal/hostile",
		"internal/sim/world", "internal/sim/history", "internal/sim/requests",
	}},
	{"internal/sim/node", []string{
		"jute", "jute/ensemble", "datatree/...", "persistence/...", "processor/...", "quorum",
		"quorum/config", "quorum/effects", "quorum/election", "quorum/ports", "quorum/zab/...",
		"internal/replica/...", "internal/model", "internal/sim/witness",
		"internal/sim/world", "internal/sim/pipe", "internal/sim/simfs", "internal/sim/history",
		"internal/sim/lease", "internal/sim/links", "internal/sim/fuse",
	}},
	{"internal/sim", []string{
		"jute", "jute/ensemble", "quorum/...", "persistence/...", "processor/...",
		"internal/replica/...", "internal/model", "internal/sim/...",
	}},
	{"internal/server/machine", []string{"internal/config"}},
	{"internal/server/givingup", []string{"jute", "persistence", "persistence/names"}},
	{"internal/server/roles", []string{
		"jute", "jute/ensemble", "quorum", "quorum/effects", "quorum/election", "internal/admin",
		"internal/metrics", "internal/replica",
	}},
	{"internal/server/stepper", []string{
		"processor/lane", "processor/mail", "quorum/effects", "quorum/election",
		"internal/replica", "internal/replica/inbox",
	}},
	{"internal/server/jobs", []string{
		"jute", "datatree", "persistence", "quorum/effects", "quorum/transport",
		"internal/replica/...",
	}},
	{"internal/server", []string{
		"jute", "datatree", "datatree/watch", "persistence/...", "processor/...", "quorum/...",
		"reactor", "reactor/door", "internal/replica/...", "internal/admin", "internal/clientlog",
		"internal/config", "internal/metrics", "internal/server/...",
	}},
	{"cmd/...", []string{
		"jute", "datatree/...", "persistence/...", "processor/...", "client/...", "reactor",
		"internal/...", "cmd/...",
	}},
	{"interop/apache", []string{
		"jute", "client/wire", "internal/...", "interop/...", "persistence/...",
	}},
	{"interop/differential/program", []string{"jute", "internal/hostile"}},
	{"interop/differential/player", []string{
		"jute", "client/wire", "interop/process", "interop/differential/program",
	}},
	{"interop/voter", []string{"jute", "jute/ensemble", "quorum/..."}},
	{"interop/tap", []string{"jute", "jute/ensemble"}},
	{"interop/wiretap", []string{"jute", "jute/ensemble", "client/wire", "interop/..."}},
	{"interop/ensemble/history", []string{"jute"}},
	{"interop/ensemble", []string{
		"jute", "jute/ensemble", "client/wire", "interop/...", "quorum/config",
		"quorum/election",
	}},
	{"interop/ensemble/hostile", []string{"jute", "jute/ensemble"}},
	{"interop/ensemble/logs", []string{
		"jute", "persistence", "persistence/record", "interop/ensemble/history",
	}},
	{"interop/contend", []string{"client", "client/recipes/...", "interop/..."}},
	{"interop/recipes", []string{
		"client", "client/recipes/...", "internal/contest", "interop/...",
	}},
	{"interop/...", []string{"jute", "client/wire", "internal/...", "interop/..."}},
}

// moduleImports says who may import a module from outside. A module that is not
// here needs a page in docs/decisions first. One without rooms is for tests alone.
//
// read-only: the table of the house.
var moduleImports = []importRule{
	{"github.com/panjf2000/gnet/v2", []string{"reactor"}},
	{"github.com/valyala/bytebufferpool", []string{"reactor", "internal/server"}},
	{"go.uber.org/zap", []string{
		"reactor", "reactor/door", "persistence/...", "quorum/transport",
		"internal/server/...", "internal/admin", "internal/clientlog", "cmd/quoll", "zktest",
	}},
	{"github.com/klauspost/compress", []string{"persistence/..."}},
	{"github.com/aymanbagabas/go-udiff", []string{"internal/shell/transfer"}},
	{"github.com/spf13/cobra", []string{
		"cmd/quoll", "internal/shell/verb", "internal/shell/loop", "internal/shell/man",
	}},
	{"github.com/reeflective/readline", []string{"internal/shell/editor"}},
	{"github.com/creack/pty", nil},
	{"github.com/spf13/pflag", []string{"internal/shell/..."}},
	{"github.com/rivo/uniseg", []string{"internal/shell/output"}},
	{"go.yaml.in/yaml/v3", []string{"internal/shell/output", "internal/shell/contexts"}},
	{"golang.org/x/term", []string{"internal/shell/..."}},
	{"golang.org/x/sys", []string{
		"reactor/...", "persistence/...", "internal/server", "internal/shell/child", "cmd/quoll",
		"interop/silence", "quorum/transport",
	}},
	{"golang.org/x/sync", []string{
		"client/...", "examples/...", "persistence/...", "reactor/...", "quorum/transport",
		"internal/server", "internal/shell/...", "cmd/quoll", "interop/...",
	}},
	{"github.com/anishathalye/porcupine", []string{"internal/sim/...", "internal/contest"}},
	{"github.com/stretchr/testify", nil},
	{"go.uber.org/goleak", nil},
	{"pgregory.net/rapid", nil},
}

// pureRooms have no clock, no goroutine, no socket, no disk and no chance.
//
// read-only: the table of the house.
var pureRooms = []string{
	"internal/replica/...", "quorum", "quorum/config", "quorum/effects", "quorum/election",
	"quorum/ports", "quorum/zab/...", "datatree/...", "processor/...",
	"client/internal/machine",
}

const gnetModule = "github.com/panjf2000/gnet/"

func (h *house) checkImports() {
	for _, s := range h.sources {
		for _, spec := range s.ast.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			if why := h.refuse(s, p); why != "" {
				h.report(s.path, h.line(spec.Pos()), "import", "%s: %s", p, why)
			}
		}
		h.checkLogger(s)
	}
	known := map[string]bool{}
	for _, s := range h.sources {
		if s.counted() && !known[s.dir] {
			known[s.dir] = true
			if _, ok := ruleOf(roomImports, s.dir); !ok {
				h.report(s.dir, 0, "import", "this room is not in the table of imports.go")
			}
		}
	}
}

// refuse says why s may not import p, or "".
func (h *house) refuse(s *source, p string) string {
	if !s.counted() {
		if strings.HasPrefix(p, gnetModule) && s.dir != "reactor" {
			return "gnet is imported in reactor alone, in tests too"
		}
		return ""
	}
	if p == h.module || strings.HasPrefix(p, h.module+"/") {
		to := strings.TrimPrefix(p, h.module+"/")
		if rule, ok := ruleOf(roomImports, s.dir); ok && !within(to, rule.may) {
			return s.dir + " may not import it"
		}
		return ""
	}
	if !strings.Contains(strings.Split(p, "/")[0], ".") {
		return refuseStandard(s.dir, p)
	}
	for _, rule := range moduleImports {
		if p == rule.room || strings.HasPrefix(p, rule.room+"/") {
			if within(s.dir, rule.may) {
				return ""
			}
			return s.dir + " may not import it"
		}
	}
	return "a new module needs a page in docs/decisions and a line in imports.go"
}

func refuseStandard(room, p string) string {
	if !within(room, pureRooms) {
		return ""
	}
	switch first := strings.Split(p, "/")[0]; {
	case p == "net/netip":
		return ""
	case first == "net", first == "os", first == "syscall", p == "crypto/rand", p == "log":
		return room + " is pure: no sockets, no files, no chance"
	}
	return ""
}

// checkLogger: a logger is built once, in cmd/quoll, and handed down.
func (h *house) checkLogger(s *source) {
	if !s.counted() || s.dir == "cmd/quoll" {
		return
	}
	names := s.importedAs()
	ast.Inspect(s.ast, func(n ast.Node) bool {
		pkg, name := selector(n, names)
		if pkg != "go.uber.org/zap" {
			return true
		}
		switch name {
		case "L", "S", "ReplaceGlobals", "New", "NewProduction", "NewDevelopment", "NewExample",
			"NewProductionConfig", "NewDevelopmentConfig", "RedirectStdLog":
			h.report(s.path, h.line(n.Pos()), "logger",
				"zap.%s: a logger is passed down as *zap.Logger", name)
		}
		return true
	})
}

// selector returns the import path and the name of a qualified identifier.
func selector(n ast.Node, names map[string]string) (pkg, name string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return names[id.Name], sel.Sel.Name
}

func ruleOf(rules []importRule, room string) (importRule, bool) {
	for _, r := range rules {
		if within(room, []string{r.room}) {
			return r, true
		}
	}
	return importRule{}, false
}

// within reports whether a path is one of the patterns.
func within(p string, patterns []string) bool {
	for _, pattern := range patterns {
		folder, open := strings.CutSuffix(pattern, "/...")
		if p == path.Clean(folder) || open && strings.HasPrefix(p, folder+"/") {
			return true
		}
	}
	return false
}
