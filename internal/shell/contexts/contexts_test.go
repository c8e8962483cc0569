package contexts

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	path := Path(func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": t.TempDir()}[name]
	})
	f, err := Load(path)
	if err != nil || len(f.Contexts) != 0 {
		t.Fatalf("a file that is not there: %v, %v", f, err)
	}
	f.Current = "prod"
	f.Contexts["prod"] = Context{
		Servers: "a:1,b:2", Chroot: "/app", Protected: true, Auth: []string{"digest:u:p"},
		TLS: TLS{CA: "ca.pem", ServerName: "zk"},
	}
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, err := Load(path); err != nil || !reflect.DeepEqual(f, again) {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

// A file that others may read is refused for the secret in it, and for nothing else.
func TestReadableByOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contexts.yaml")
	for text, want := range map[string]error{
		"contexts: {a: {servers: h, auth: ['digest:u:p']}}":  ErrReadable,
		"contexts: {a: {servers: h, auth_command: pass zk}}": nil,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); !errors.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMisspelt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contexts.yaml")
	if err := os.WriteFile(path, []byte("contexts: {a: {proteced: true}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "proteced") {
		t.Errorf("%v", err)
	}
}
