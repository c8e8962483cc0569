package mutants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Runner runs the tests of mutants.
type Runner struct {
	Root    string // of the repository, absolute
	Scratch string // a directory for edited files and test programs
	// Limit is how long one run of a test may take.
	Limit time.Duration
	clean map[string]error // by command: what the tree as it is has said
}

// Reasons why a mutant does not count as killed.
var (
	ErrBuild    = errors.New("it does not compile")
	ErrClean    = errors.New("the test does not pass on the tree as it is")
	ErrSurvived = errors.New("the test passes: the mutant lives")
	ErrEndless  = errors.New("the test comes to no end")
	ErrNoTest   = errors.New("there is no such test")
)

// Death says how a mutant was killed.
type Death struct {
	Took time.Duration // the run of the test, without the compiler
	Seed string        // the seed that noticed, if the test speaks of one
}

// failed is the line of a test that has failed, and seed how tests speak of seeds, also as the
// names of tests below them.
//
// read-only: patterns.
var (
	failed = regexp.MustCompile(`(?m)^\s*--- FAIL: Test|^panic: |^fatal error: `)
	seed   = regexp.MustCompile(`\bseed (\d+)|--- FAIL: Test\w+/(\d+) `)
)

// Kill runs the test of a mutant: on the tree as it is, once for each command, then on the edited
// one.
func (r *Runner) Kill(m Mutant) (Death, error) {
	if err := r.passes(m.Test); err != nil {
		return Death{}, err
	}
	overlay, err := r.edit(m)
	if err != nil {
		return Death{}, err
	}
	program, err := r.build(m.Test.Package, "-overlay="+overlay)
	if err != nil {
		return Death{}, err
	}
	begin := time.Now()
	out, err := r.run(program, m.Test)
	death := Death{Took: time.Since(begin)}
	switch {
	case errors.Is(err, ErrEndless):
		return death, err
	case err == nil:
		return death, ErrSurvived
	case !failed.MatchString(out):
		return death, fmt.Errorf("no test has failed, and yet: %w\n%s", err, out)
	}
	if found := seed.FindStringSubmatch(out); found != nil {
		death.Seed = found[1] + found[2]
	}
	return death, nil
}

// passes says that a test passes on the tree as it is, and that it is there.
func (r *Runner) passes(t Test) error {
	if r.clean == nil {
		r.clean = map[string]error{}
	}
	if err, known := r.clean[t.String()]; known {
		return err
	}
	program, err := r.build(t.Package)
	if err == nil {
		var out string
		if out, err = r.run(program, t); err != nil {
			err = fmt.Errorf("%w: %w\n%s", ErrClean, err, out)
		} else if !strings.Contains("\n"+out, passed(t.Run)) {
			err = fmt.Errorf("%w: %s", ErrNoTest, t)
		}
	}
	r.clean[t.String()] = err
	return err
}

// passed is how a test begins to say that it has passed; one below another is indented.
func passed(pattern string) string {
	return "\n" + strings.Repeat("    ", strings.Count(pattern, "/")) + "--- PASS: "
}

// edit writes the files of a mutant, and the list of them for the compiler.
func (r *Runner) edit(m Mutant) (overlay string, err error) {
	list := struct{ Replace map[string]string }{map[string]string{}}
	for i, e := range m.Edits {
		real := filepath.Join(r.Root, e.File)
		source, err := os.ReadFile(real)
		if err != nil {
			return "", err
		}
		if source, err = e.Apply(source); err != nil {
			return "", err
		}
		name := filepath.Join(r.Scratch, fmt.Sprintf("%s-%d.go", m.Name, i))
		if err := os.WriteFile(name, source, 0o600); err != nil {
			return "", err
		}
		list.Replace[real] = name
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(r.Scratch, m.Name+".json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// build compiles the tests of a package.
func (r *Runner) build(pkg string, flags ...string) (program string, err error) {
	program = filepath.Join(r.Scratch, "tests")
	args := append(append([]string{"test", "-c", "-o", program}, flags...), pkg)
	cmd := exec.Command("go", args...)
	cmd.Dir = r.Root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %w\n%s", ErrBuild, err, out)
	}
	return program, nil
}

// run runs a test in the directory of its package. The error says that it failed.
func (r *Runner) run(program string, t Test) (out string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.Limit)
	defer cancel()
	args := append([]string{"-test.v", "-test.failfast", "-test.run", t.Run}, t.Flags...)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(r.Root, t.Package)
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return string(text), fmt.Errorf("%w: %v are over", ErrEndless, r.Limit)
	}
	return string(text), err
}
