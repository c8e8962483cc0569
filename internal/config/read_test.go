package config

import (
	"io/fs"
	"os"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// fieldOf is the name of the field of c that at points to, or "" if at points to no field of c.
func fieldOf(c reflect.Value, at any) string {
	for i := range c.NumField() {
		f := c.Field(i)
		if !f.CanInterface() {
			continue
		}
		if f.Kind() == reflect.Struct && f.Type() != reflect.TypeFor[Secret]() {
			if name := fieldOf(f, at); name != "" {
				return name
			}
		} else if f.Addr().Interface() == at {
			return c.Type().Field(i).Name
		}
	}
	return ""
}

// readers returns the sources of the packages that import this one, without tests.
func readers(t *testing.T) (all []string) {
	texts, know := map[string]string{}, map[string]bool{}
	root := os.DirFS("../..")
	noError(t, fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, p)
		texts[path.Dir(p)] += string(text)
		know[path.Dir(p)] = know[path.Dir(p)] ||
			strings.Contains(string(text), `"quoll/internal/config"`)
		return err
	}))
	for dir, text := range texts {
		if know[dir] {
			all = append(all, text)
		}
	}
	return all
}

// A setting whose field no code reads is not honoured. A setting of an ensemble may wait, if its
// reason says so.
func TestWhatIsHonouredIsRead(t *testing.T) {
	here := map[string]string{
		"Standalone":      "standaloneEnabled",      // members.go reads it
		"FourLetterWords": "4lw.commands.whitelist", // Observability.Allows reads it
	}
	files := readers(t)
	notEmpty(t, files)
	for _, k := range Keys() {
		if k.into == nil || k.Reason == ensembleOnly {
			continue
		}
		c := &Config{}
		field := fieldOf(reflect.ValueOf(c).Elem(), k.into(c))
		notEmpty(t, field, k.ID())
		read := here[field] == k.ID()
		use := regexp.MustCompile(`\.` + field + `\b`)
		for _, text := range files {
			read = read || use.MatchString(text)
		}
		if !read {
			t.Errorf("%s: nothing reads %s", k.ID(), field)
		}
	}
}
