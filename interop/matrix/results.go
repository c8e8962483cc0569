package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Outcome is what one client found at one server.
type Outcome struct {
	Title   string  `json:"title"`
	Version string  `json:"version"`
	Checks  []Check `json:"checks"`
	// Error says that the run did not come to its end.
	Error string `json:"error,omitempty"`
}

// Passed counts the checks that held.
func (o Outcome) Passed() int {
	count := 0
	for _, check := range o.Checks {
		if check.Why == "" {
			count++
		}
	}
	return count
}

// OK says that the run came to its end, checked something, and everything held.
func (o Outcome) OK() bool {
	return o.Error == "" && len(o.Checks) > 0 && o.Passed() == len(o.Checks)
}

func (o Outcome) String() string {
	switch {
	case o.Error != "":
		return fmt.Sprintf("did not finish, %d of %d checks passed", o.Passed(), len(o.Checks))
	case len(o.Checks) == 0:
		return "not run"
	default:
		return fmt.Sprintf("%d of %d checks pass", o.Passed(), len(o.Checks))
	}
}

// Results are the outcomes by server ("apache", "quoll") and client name.
type Results map[string]map[string]Outcome

// ReadResults reads a results file; one that is not there holds nothing.
func ReadResults(path string) (Results, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Results{}, nil
	}
	if err != nil {
		return nil, err
	}
	results := Results{}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return results, nil
}

// Set replaces the outcome of one client at one server.
func (r Results) Set(server, client string, o Outcome) {
	if r[server] == nil {
		r[server] = map[string]Outcome{}
	}
	r[server][client] = o
}

// Write writes the results file.
func (r Results) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// The README's table stands between these two lines.
const (
	tableBegin = "<!-- interop:begin -->"
	tableEnd   = "<!-- interop:end -->"
)

// Table is the compatibility table in Markdown.
func (r Results) Table() string {
	var b strings.Builder
	b.WriteString("| Client | Version | Against Quoll | Against Apache 3.9.5 |\n")
	b.WriteString("|---|---|---|---|\n")
	for _, client := range Clients() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", client.Title, client.Version,
			r["quoll"][client.Name], r["apache"][client.Name])
	}
	return b.String()
}

// ErrNoMarkers says that a README has no place for the table.
var ErrNoMarkers = errors.New("no " + tableBegin + " and " + tableEnd)

// RewriteReadme puts the table between the markers of the file at path.
func (r Results) RewriteReadme(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s: %w", path, ErrNoMarkers)
	}
	return os.WriteFile(path,
		[]byte(before+tableBegin+"\n"+r.Table()+tableEnd+after), 0o644)
}
