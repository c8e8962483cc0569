package metrics

import (
	"io/fs"
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// A metric that no code counts belongs into registerSilent, which says that it stays 0.
func TestEveryMetricIsFed(t *testing.T) {
	var text strings.Builder
	root := os.DirFS("../..")
	rooms := []string{"internal/server", "internal/server/roles", "internal/admin"}
	for _, room := range rooms {
		files, err := fs.ReadDir(root, room)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir() || strings.HasSuffix(f.Name(), "_test.go") {
				continue
			}
			source, err := fs.ReadFile(root, path.Join(room, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			text.Write(source)
		}
	}
	all := reflect.TypeFor[Server]()
	for i := range all.NumField() {
		theme := all.Field(i)
		if theme.Type.Kind() != reflect.Struct || theme.Type == reflect.TypeFor[Namespaces]() {
			continue
		}
		for j := range theme.Type.NumField() {
			name := theme.Type.Field(j).Name
			if !regexp.MustCompile(`\.` + name + `\b`).MatchString(text.String()) {
				t.Errorf("nothing feeds %s.%s", theme.Name, name)
			}
		}
	}
}
