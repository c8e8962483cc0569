package editing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"quoll/client"
	"quoll/internal/shell/fault"
	"quoll/internal/shell/output"
	"quoll/internal/shell/verb"
)

// Edit is the verb edit.
func Edit() verb.Verb {
	return verb.Verb{
		Name: "edit", Args: "PATH", Min: 1, Max: 1, Writes: true, Endless: true,
		Short: "Change the data of a node with an editor",
		Long: "The editor is $VISUAL, else $EDITOR, else vi. If the node has changed meanwhile,\n" +
			"you are asked. If it is not written, for whatever reason, the file is kept. An\n" +
			"editor that puts a newline behind data that had none does not change it.",
		Example:  "quoll edit /app/config",
		Complete: verb.FirstPath,
		Run: func(ctx context.Context, e *verb.Env, args []string) error {
			c, path, err := e.At(ctx, args[0])
			if err != nil {
				return err
			}
			return edit(ctx, e, c, path)
		},
	}
}

func edit(ctx context.Context, e *verb.Env, c *client.Client, path string) error {
	old, stat, err := c.Get(ctx, path)
	if err != nil {
		return err
	}
	file, err := hand(path, old)
	if err != nil {
		return err
	}
	data, err := change(ctx, e, file, old)
	if err == nil && data == nil {
		e.Note("%s is as it was", path)
		return os.Remove(file)
	}
	if err == nil {
		stat, err = write(ctx, e, c, path, data, stat.Version)
	}
	if err != nil {
		return fmt.Errorf("%w; what you have written is in %s", err, file)
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return e.Out.Item(&edited{Path: path, Stat: output.StatOf(stat)})
}

// hand writes the data into a file, whose name helps the editor to know what it is.
func hand(node string, data []byte) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\*`, r) {
			return '_'
		}
		return r
	}, path.Base(node))
	f, err := os.CreateTemp("", "quoll-*-"+name) // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Close())
}

// change runs the editor, and returns what it has made of the file; nil if nothing.
func change(ctx context.Context, e *verb.Env, file string, old []byte) ([]byte, error) {
	editor := e.Getenv("VISUAL")
	if editor == "" {
		editor = e.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// The variable may have arguments, which the shell divides.
	line := editor + ` "$1"`
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line, "sh", file) //nolint:gosec // the user's
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.Stdin, e.Stdout, e.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("the editor: %w", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if len(old) > 0 && !bytes.HasSuffix(old, []byte("\n")) {
		data = bytes.TrimSuffix(data, []byte("\n"))
	}
	if err != nil || bytes.Equal(data, old) {
		return nil, err
	}
	return data, nil
}

// write writes the data if the node has the version, or else whoever is at the terminal wants it.
func write(
	ctx context.Context, e *verb.Env, c *client.Client, path string, data []byte, version int32,
) (client.Stat, error) {
	for {
		stat, err := c.Set(ctx, path, data, version)
		if !errors.Is(err, client.ErrBadVersion) || !e.InTerminal {
			return stat, err
		}
		now, there, missing := c.Exists(ctx, path)
		if missing != nil || !there {
			return stat, errors.Join(err, missing)
		}
		asked := e.Confirm(ctx, verb.Danger{
			What:  fmt.Sprintf("%s has changed meanwhile: overwrite version %d", path, now.Version),
			Force: true,
		})
		if asked != nil {
			return stat, &fault.Error{Code: fault.CodeConflict, Name: "BadVersion", Err: asked}
		}
		version = now.Version
	}
}

// edited is a node that was changed.
type edited struct {
	Path string       `json:"path"`
	Stat *output.Stat `json:"stat"`
}

// Text tells the new version.
func (r *edited) Text(p *output.Page) {
	p.Line(p.Name(r.Path), " has version ", fmt.Sprint(r.Stat.Version))
}
