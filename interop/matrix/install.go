package matrix

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"quoll/interop/apache"
)

func prepareJava(ctx context.Context, d Dirs) (Program, error) {
	classPath, err := apache.ClassPath(ctx)
	if err != nil {
		return Program{}, err
	}
	return javaProgram(ctx, d, "java", classPath)
}

func prepareCurator(ctx context.Context, d Dirs) (Program, error) {
	pom, err := os.ReadFile(filepath.Join(d.Source, "curator", "pom.xml"))
	if err != nil {
		return Program{}, err
	}
	classPath, err := apache.Resolve(ctx, "curator", pom)
	if err != nil {
		return Program{}, err
	}
	return javaProgram(ctx, d, "curator", classPath)
}

// javaProgram compiles the sources of one directory, whose class interop.Main is the program.
func javaProgram(ctx context.Context, d Dirs, name, classPath string) (Program, error) {
	sources, err := filepath.Glob(filepath.Join(d.Source, name, "*.java"))
	if err != nil {
		return Program{}, err
	}
	if name != "java" {
		for _, shared := range []string{"Harness.java", "Events.java"} {
			sources = append(sources, filepath.Join(d.Source, "java", shared))
		}
	}
	classes := filepath.Join(d.Cache, name)
	err = once(sources, classes, func() error {
		argv := append([]string{"javac", "-nowarn", "-d", classes, "-cp", classPath}, sources...)
		return run(ctx, "", argv...)
	})
	argv := append([]string{"java"}, apache.JVMFlags()...)
	argv = append(argv, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
		"-cp", classes+string(os.PathListSeparator)+classPath, "interop.Main", addrMark)
	return Program{Argv: argv}, err
}

// CuratorContender is Curator's side of interop/contend. Two words follow its Argv.
func CuratorContender(ctx context.Context, d Dirs) (Program, error) {
	p, err := prepareCurator(ctx, d)
	if err == nil {
		p.Argv[slices.Index(p.Argv, "interop.Main")] = "interop.Contend"
	}
	return p, err
}

// KazooContender is kazoo's side of it.
func KazooContender(ctx context.Context, d Dirs) (Program, error) {
	p, err := prepareKazoo(ctx, d)
	if err == nil {
		p.Argv[3] = filepath.Join(d.Source, "kazoo", "contend.py")
	}
	return p, err
}

func prepareZKCli(ctx context.Context, d Dirs) (Program, error) {
	classPath, err := apache.ClassPath(ctx)
	if err != nil {
		return Program{}, err
	}
	argv := append([]string{"java"}, apache.JVMFlags()...)
	argv = append(argv, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classPath,
		"org.apache.zookeeper.ZooKeeperMain", "-server", addrMark, "-timeout", "10000",
		"-waitforconnection")
	return Program{Argv: argv, Script: filepath.Join(d.Source, "zkcli", "script.txt")}, nil
}

func prepareKazoo(ctx context.Context, d Dirs) (Program, error) {
	python, err := d.Python(ctx, filepath.Join(d.Source, "kazoo", "requirements.txt"), "kazoo")
	script := filepath.Join(d.Source, "kazoo", "client.py")
	return Program{Argv: []string{python, "-u", "-B", script, addrMark}}, err
}

// Python returns a Python that has what a file of requirements names, in a folder of the cache.
func (d Dirs) Python(ctx context.Context, requirements, folder string) (string, error) {
	venv := filepath.Join(d.Cache, folder)
	python := filepath.Join(venv, "bin", "python")
	err := once([]string{requirements}, venv, func() error {
		if err := run(ctx, "", "python3", "-m", "venv", venv); err != nil {
			return err
		}
		return run(ctx, "", python, "-m", "pip", "install", "--quiet", "-r", requirements)
	})
	return python, err
}

func prepareC(ctx context.Context, d Dirs) (Program, error) {
	const header = "/usr/include/zookeeper/zookeeper.h"
	if err := aptInstall(ctx, header, "libzookeeper-mt-dev"); err != nil {
		return Program{}, err
	}
	sources, err := filepath.Glob(filepath.Join(d.Source, "cclient", "*.c"))
	if err != nil {
		return Program{}, err
	}
	binary := filepath.Join(d.Cache, "cclient")
	argv := []string{"cc", "-std=gnu11", "-Wall", "-Wextra", "-O1", "-DTHREADED", "-o", binary}
	argv = append(append(argv, sources...), "-lzookeeper_mt", "-lpthread")
	if err := run(ctx, "", argv...); err != nil {
		return Program{}, err
	}
	return Program{Argv: []string{binary, addrMark}}, nil
}

func prepareCliMT(ctx context.Context, d Dirs) (Program, error) {
	const binary = "/usr/lib/zookeeper/bin/cli_mt"
	if err := aptInstall(ctx, binary, "zookeeper-bin"); err != nil {
		return Program{}, err
	}
	return Program{
		Argv:   []string{binary, "--host", addrMark},
		Script: filepath.Join(d.Source, "cclient", "cli_mt.txt"),
	}, nil
}

// prepareGoZK builds in the client's own module: the server's must not depend on the client.
func prepareGoZK(ctx context.Context, d Dirs) (Program, error) {
	binary := filepath.Join(d.Cache, "gozk")
	err := run(ctx, filepath.Join(d.Source, "gozk"), "go", "build", "-o", binary, ".")
	return Program{Argv: []string{binary, addrMark}}, err
}

func prepareNode(ctx context.Context, d Dirs) (Program, error) {
	source := filepath.Join(d.Source, "node")
	manifest := filepath.Join(source, "package.json")
	dir := filepath.Join(d.Cache, "node")
	err := once([]string{manifest}, dir, func() error {
		for _, name := range []string{"package.json", "package-lock.json"} {
			text, err := os.ReadFile(filepath.Join(source, name))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				return err
			}
		}
		return run(ctx, dir, "npm", "ci", "--silent")
	})
	return Program{
		Argv: []string{"node", filepath.Join(source, "client.js"), addrMark},
		Env:  []string{"NODE_PATH=" + filepath.Join(dir, "node_modules")},
	}, err
}

// once empties dir and runs install unless that succeeded before for the same input files.
func once(inputs []string, dir string, install func() error) error {
	sum := sha256.New()
	for _, input := range inputs {
		text, err := os.ReadFile(input)
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, input, len(text))
		sum.Write(text)
	}
	mark := filepath.Join(dir, ".installed")
	want := []byte(hex.EncodeToString(sum.Sum(nil)))
	if have, err := os.ReadFile(mark); err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := install(); err != nil {
		return err
	}
	return os.WriteFile(mark, want, 0o644)
}

// aptInstall installs one of Debian's packages if a file of it is missing, without a password
// prompt: through sudo -n for anyone but root.
func aptInstall(ctx context.Context, file, pkg string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	var prefix []string
	if os.Geteuid() != 0 {
		prefix = []string{"sudo", "-n"}
	}
	if err := run(ctx, "", append(slices.Clone(prefix), "apt-get", "update", "-q")...); err != nil {
		return err
	}
	return run(ctx, "", append(slices.Clone(prefix),
		"apt-get", "install", "-y", "-q", "--no-install-recommends", pkg)...)
}

// run executes a command to its end; the error shows what it printed.
func run(ctx context.Context, dir string, argv ...string) error {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", argv[0], err, output)
	}
	return nil
}
