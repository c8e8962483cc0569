package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"

	"quoll/interop/matrix"
)

// goZooKeeper is the version whose tests are run.
const goZooKeeper = "github.com/go-zookeeper/zk@v1.0.4"

type suite struct {
	name    string
	leftOut []exception
	prepare func(ctx context.Context, dir string, leftOut []exception) (*exec.Cmd, error)
}

// exception is a test of something that Quoll does not have yet.
type exception struct{ test, why string }

func suites() []suite {
	return []suite{
		{name: "gozk", prepare: prepareGoZK},
		{name: "kazoo", prepare: prepareKazoo, leftOut: []exception{
			{"test_client.py::TestSSLClient", "secureClientPort"},
			{"test_client.py::TestReconfig", "reconfigEnabled=true"},
			{"test_connection.py::TestReadOnlyMode", "read-only mode"},
			{"test_sasl.py", "SASL"},
		}},
	}
}

// prepareGoZK runs the tests in the module cache, where go keeps the module's source.
func prepareGoZK(ctx context.Context, _ string, _ []exception) (*exec.Cmd, error) {
	download := exec.CommandContext(ctx, "go", "mod", "download", "-json", goZooKeeper)
	out, err := download.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", download, err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, fmt.Errorf("%s: %w", download, err)
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", patience.String(), ".")
	cmd.Dir = module.Dir
	return cmd, nil
}

// prepareKazoo runs the tests that kazoo's package brings along, against three servers.
func prepareKazoo(ctx context.Context, dir string, leftOut []exception) (*exec.Cmd, error) {
	source, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	dirs := matrix.Dirs{Source: source, Cache: filepath.Join(source, ".cache")}
	requirements := filepath.Join(source, "suites", "requirements.txt")
	python, err := dirs.Python(ctx, requirements, "kazoo-suite")
	if err != nil {
		return nil, err
	}
	const program = "import kazoo; print(kazoo.__path__[0], end='')"
	where := exec.CommandContext(ctx, python, "-c", program)
	home, err := where.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	cmd := exec.CommandContext(ctx, python, "-B", "-m", "pytest", "-q", "--tb=short",
		"-p", "no:logging", "-p", "no:cacheprovider", "-W", "ignore", "--timeout", "60", "tests")
	for _, left := range leftOut {
		cmd.Args = append(cmd.Args, "--deselect", "tests/"+left.test)
	}
	cmd.Dir = string(home)
	return cmd, nil
}
