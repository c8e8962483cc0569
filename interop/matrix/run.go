package matrix

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"quoll/interop/process"
)

// Check is the outcome of one named check of a client.
type Check struct {
	Name string `json:"name"`
	// Why is empty if the check held.
	Why string `json:"why,omitempty"`
}

// Target is the server under test.
type Target struct {
	// Start starts one.
	Start func(context.Context, process.Options) (*process.Server, error)
	// HoldClients stops a client while its server restarts. Apache needs it: a connection that
	// comes while it loads its database is neither answered nor closed, and a client with no
	// timeout of its own on that wait loses its session to it.
	HoldClients bool
}

// superDigest names the super user, whose password is "test".
const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="

// ServerOptions are the settings that the clients' checks count on, for any server: sessions as
// short as 0.4 s, containers and TTL nodes reaped within half a second, quotas enforced, and
// the super user with the password "test".
func ServerOptions() process.Options {
	return process.Options{
		ExtraConfig: map[string]string{
			"tickTime":          "200",
			"minSessionTimeout": "400",
			"maxSessionTimeout": "20000",
		},
		SystemProps: map[string]string{
			"zookeeper.extendedTypesEnabled":                     "true",
			"znode.container.checkIntervalMs":                    "500",
			"zookeeper.enforceQuota":                             "true",
			"zookeeper.DigestAuthenticationProvider.superDigest": superDigest,
		},
	}
}

// Run starts a server, runs the client against it and returns its checks. The error says that
// the run itself did not come to its end; the checks made until then are returned with it.
func Run(ctx context.Context, t Target, p Program, logDir, name string) ([]Check, error) {
	log, err := os.Create(filepath.Join(logDir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	data, err := os.MkdirTemp("", "interop-"+name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	options := ServerOptions()
	options.DataDir, options.Log = data, log
	server, err := t.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	r := &runner{server: server, hold: t.HoldClients, log: log, began: time.Now()}
	defer func() { r.server.Kill() }()
	return r.run(ctx, p)
}

// runner is one client's run. Its goroutine alone touches it.
type runner struct {
	server *process.Server
	hold   bool // see Target.HoldClients
	client *exec.Cmd
	stdin  io.Writer
	log    io.Writer
	checks []Check
	began  time.Time
}

func (r *runner) run(ctx context.Context, p Program) ([]Check, error) {
	argv := make([]string, len(p.Argv))
	for i, word := range p.Argv {
		argv[i] = strings.ReplaceAll(word, addrMark, r.server.Addr())
	}
	r.client = exec.CommandContext(ctx, argv[0], argv[1:]...)
	r.client.Env = append(os.Environ(), p.Env...)
	r.client.WaitDelay = time.Second
	stdin, err := r.client.StdinPipe()
	if err != nil {
		return nil, err
	}
	r.stdin = stdin
	output, input := io.Pipe()
	r.client.Stdout = input
	r.client.Stderr = r.log
	if p.Script != "" {
		r.client.Stderr = input
	}
	if err := r.client.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	ended := make(chan error, 1)
	go func() {
		err := r.client.Wait()
		input.Close()
		ended <- err
	}()
	if p.Script != "" {
		err = r.converse(ctx, p.Script, output)
		stdin.Close()
	} else {
		err = r.obey(ctx, output)
	}
	if err != nil {
		// Its output is no longer read: it may not end by itself.
		_ = r.client.Process.Kill()
	}
	output.Close()
	return r.checks, errors.Join(err, clientError(ctx, <-ended, r.checks, p.Script != ""))
}

// clientError returns the client's exit as an error unless its failed checks explain it. A shell
// is ended by its script, whatever its exit code.
func clientError(ctx context.Context, exit error, checks []Check, shell bool) error {
	if ctx.Err() != nil {
		return fmt.Errorf("client: %w", ctx.Err())
	}
	if exit == nil || shell {
		return nil
	}
	for _, check := range checks {
		if check.Why != "" {
			return nil
		}
	}
	return fmt.Errorf("client: %w", exit)
}

// obey reads what a program prints, line by line, to its end.
func (r *runner) obey(ctx context.Context, output io.Reader) error {
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		r.note(line)
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch word {
		case "PASS":
			r.checks = append(r.checks, Check{Name: rest})
		case "FAIL":
			name, why, _ := strings.Cut(rest, ": ")
			r.checks = append(r.checks, Check{Name: name, Why: "failed: " + why})
		case "RESTART", "CRASH":
			if err = r.restartServer(ctx, word == "CRASH"); err == nil {
				_, err = io.WriteString(r.stdin, "RESTARTED\n")
			}
		case "PAUSE":
			if err = r.pauseClient(ctx, rest); err == nil {
				_, err = io.WriteString(r.stdin, "RESUMED\n")
			}
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// note keeps a line of the conversation in the log, with the seconds since its start.
func (r *runner) note(line string) {
	fmt.Fprintf(r.log, "%7.3f %s\n", time.Since(r.began).Seconds(), line)
}

func (r *runner) restartServer(ctx context.Context, crash bool) error {
	if r.hold {
		if err := r.client.Process.Signal(syscall.SIGSTOP); err != nil {
			return fmt.Errorf("hold: %w", err)
		}
		// A client that has ended meanwhile needs no signal.
		defer r.client.Process.Signal(syscall.SIGCONT)
	}
	if crash {
		r.server.Kill()
	} else if code, err := r.server.Stop(); err != nil {
		return fmt.Errorf("server: exit code %d: %w", code, err)
	}
	server, err := r.server.Restart(ctx)
	if err != nil {
		return fmt.Errorf("server: restart: %w", err)
	}
	r.server = server
	return nil
}

// pauseClient takes the client's processor away. The wait is the point of it: the server must
// hear nothing for that long.
func (r *runner) pauseClient(ctx context.Context, millis string) error {
	ms, err := strconv.Atoi(millis)
	if err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	if err := r.client.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause: %w", err)
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return r.client.Process.Signal(syscall.SIGCONT)
}
