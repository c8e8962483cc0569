package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"quoll/client"
)

// Error is an error with an exit code that its cause does not tell.
type Error struct {
	Code int
	Name string // "Usage" and such
	Hint string // what may help; may be ""
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usage is an error of whoever wrote the command line.
func Usage(format string, args ...any) error {
	return &Error{Code: CodeUsage, Name: "Usage", Err: fmt.Errorf(format, args...)}
}

// Code is the exit code of an error; nil is CodeDone.
func Code(err error) int {
	if err == nil {
		return CodeDone
	}
	return describe(err).exit
}

// Quiet reports whether an error ends the process without a word: nobody reads any more, or the
// output has said it all.
func Quiet(err error) bool {
	var own *Error
	return Code(err) == CodePipe || errors.As(err, &own) && own.Err == errSaid
}

// errSaid is behind an exit code that needs no words.
var errSaid = errors.New("said by the output")

// Silent is an exit code without words.
func Silent(code int) error { return &Error{Code: code, Name: "Check", Err: errSaid} }

// Record is an error as programs read it. Field names are frozen.
type Record struct {
	Code    int32  `json:"code"` // ZooKeeper's code; 0 if the error is not ZooKeeper's
	Name    string `json:"name"`
	Op      string `json:"op"`
	Path    string `json:"path"`
	Message string `json:"message"`
	Hint    string `json:"hint"`

	exit int
	java string
}

// describe finds out what is known of an error.
func describe(err error) Record {
	r := Record{Name: "Error", Message: plain(err), exit: CodeError}
	var theirs *client.Error
	if errors.As(err, &theirs) {
		r.Op, r.Path, r.Code = theirs.Op, theirs.Path, int32(theirs.Code)
	}
	var own *Error
	if errors.As(err, &own) {
		r.Name, r.Hint, r.exit = own.Name, own.Hint, own.Code
		return r
	}
	for i := range kinds {
		k := &kinds[i]
		if !errors.Is(err, k.err) {
			continue
		}
		r.Name, r.exit, r.java = k.name, k.code, k.java
		if r.Code == 0 {
			r.Code = k.zk
		}
		break
	}
	r.Hint = hints[[2]string{r.Name, r.Op}]
	if r.Hint == "" {
		r.Hint = hints[[2]string{r.Name, ""}]
	}
	return r
}

// prefix is what the client's errors begin with: alone, wrapped, or joined with others. The node
// /zookeeper is none.
//
// read-only: a pattern.
var prefix = regexp.MustCompile(`(^|: |\n)zookeeper: `)

// plain is the message without the prefix of the client's errors.
func plain(err error) string { return prefix.ReplaceAllString(err.Error(), "$1") }

// Text is the message for people, with the hint in a line of its own.
func Text(err error) string {
	r := describe(err)
	if r.Hint == "" {
		return r.Message
	}
	return r.Message + "\n  " + r.Hint
}

// JSON is the message for programs: one object in one line.
func JSON(err error) string {
	text, _ := json.Marshal(map[string]Record{"error": describe(err)}) // strings and numbers alone
	return string(text)
}

// ZkCLI is the message that zkCli.sh prints.
func ZkCLI(err error) string {
	r := describe(err)
	switch {
	case r.java != "" && strings.Contains(r.java, "%s"):
		return fmt.Sprintf(r.java, r.Path)
	case r.java != "":
		return r.java
	case r.Name == "NotConnected":
		return "Not connected"
	case r.Code == 0:
		return r.Message
	}
	text := "KeeperErrorCode = " + javaName(r)
	if r.Path != "" {
		text += " for " + r.Path
	}
	return text
}

// javaName is the text of a KeeperException's code, where it is not its name.
func javaName(r Record) string {
	switch r.Name {
	case "NoWatcher":
		return "No such watcher"
	case "ReconfigDisabled":
		return "Reconfig is disabled"
	case "SessionExpired":
		return "Session expired"
	case "SessionMoved":
		return "Session moved"
	case "Timeout":
		return "OperationTimeout"
	}
	return r.Name
}

// Name is the name of an error: "NoNode" and such.
func Name(err error) string { return describe(err).Name }
