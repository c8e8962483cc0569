package apache

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Version is the release that pom.xml names.
const Version = "3.9.5"

// ErrNoJava says that java or mvn is not on the PATH, so that there is no oracle to ask.
var ErrNoJava = errors.New("java or mvn not found")

//go:embed pom.xml
var pom []byte

// ClassPath returns the class path of the server and its tools, resolved through Maven the
// first time and read from a cached file afterwards. ErrNoJava if java or mvn is missing.
func ClassPath(ctx context.Context) (string, error) {
	return Resolve(ctx, "apache", pom)
}

// Resolve returns the class path of the dependencies that a pom.xml names. name tells caches
// of different poms apart for a human who looks; their texts do so for the program.
func Resolve(ctx context.Context, name string, pom []byte) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", ErrNoJava
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	sum := sha256.Sum256(pom)
	dir := filepath.Join(cache, "quoll-interop", name+"-"+hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	defer unlock()
	file := filepath.Join(dir, "classpath")
	if text, err := os.ReadFile(file); err == nil && allExist(string(text)) {
		return string(text), nil
	}
	return runMaven(ctx, dir, file, pom)
}

// runMaven resolves without the network first: most calls find everything in the local
// repository, and then a registry that is slow or away costs nothing.
func runMaven(ctx context.Context, dir, file string, pom []byte) (string, error) {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", ErrNoJava
	}
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), pom, 0o644); err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	fresh := file + ".new"
	var output []byte
	for _, mode := range []string{"--offline", "--batch-mode"} {
		command := exec.CommandContext(ctx, mvn, "--quiet", "--batch-mode", mode,
			"dependency:build-classpath", "-Dmdep.outputFile="+fresh)
		command.Dir = dir
		if output, err = command.CombinedOutput(); err == nil {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("class path: mvn: %w\n%s", err, output)
	}
	text, err := os.ReadFile(fresh)
	if err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return "", fmt.Errorf("class path: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// allExist reports whether every jar of a class path is still there: the local repository may
// have been emptied since the path was cached.
func allExist(classPath string) bool {
	for _, jar := range filepath.SplitList(classPath) {
		if _, err := os.Stat(jar); err != nil {
			return false
		}
	}
	return classPath != ""
}

func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
