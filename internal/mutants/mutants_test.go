package mutants_test

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"quoll/internal/mutants"
)

var kill = flag.Bool("mutants", false, "run the tests that must kill the mutants")

const root = "../.."

func load(t *testing.T) []mutants.Mutant {
	all, err := mutants.Load(os.DirFS("testdata"))
	require.NoError(t, err)
	return all
}

// TestEveryPatchApplies: the files have the lines that the patches name, what comes of them can be
// read, and the tests that they name are there.
func TestEveryPatchApplies(t *testing.T) {
	all := load(t)
	require.GreaterOrEqual(t, len(all), 96)
	for _, m := range all {
		for _, e := range m.Edits {
			source, err := os.ReadFile(filepath.Join(root, e.File))
			require.NoError(t, err, "internal/mutants/testdata/%s.patch", m.Name)
			edited, err := e.Apply(source)
			require.NoError(t, err, "internal/mutants/testdata/%s.patch", m.Name)
			_, err = parser.ParseFile(token.NewFileSet(), e.File, edited, parser.SkipObjectResolution)
			require.NoError(t, err, "internal/mutants/testdata/%s.patch", m.Name)
		}
		for _, name := range regexp.MustCompile(`Test\w+`).FindAllString(m.Test.Run, -1) {
			require.True(t, hasTest(t, m.Test.Package, name),
				"internal/mutants/testdata/%s.patch: %s has no %s", m.Name, m.Test.Package, name)
		}
	}
}

func hasTest(t *testing.T, pkg, name string) bool {
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// TestMutants kills them all. The table is for docs/track-record.md.
func TestMutants(t *testing.T) {
	if !*kill {
		t.Skip("only with -mutants")
	}
	dir, err := filepath.Abs(root)
	require.NoError(t, err)
	runner := mutants.Runner{Root: dir, Scratch: t.TempDir(), Limit: 2 * time.Minute}
	table := "\n| mutant | what is broken | test | killed |\n|---|---|---|---|\n"
	for _, m := range load(t) {
		t.Run(m.Name, func(t *testing.T) {
			death, err := runner.Kill(m)
			fate := fmt.Sprintf("%.1f s", death.Took.Seconds())
			if death.Seed != "" {
				fate += ", seed " + death.Seed
			}
			if err != nil {
				fate = "no"
			}
			name := strings.NewReplacer("^", "", "$", "").Replace(m.Test.Run)
			table += fmt.Sprintf("| %s | %s | %s | %s |\n", m.Name, m.Broken, name, fate)
			require.NoError(t, err, "%s\n%s", m.Broken, m.Test)
		})
	}
	t.Log(table)
}

const sound = `Two is one.
go test ./a -run ^TestTwo$ -seeds=3
--- a/a/two.go
+++ b/a/two.go
@@ -7,3 +7,3 @@
 func two() int {
-	return 2
+	return 1
 }
`

func one(text string) (mutants.Mutant, error) {
	dir := fstest.MapFS{"one.patch": {Data: []byte(text)}}
	all, err := mutants.Load(dir)
	if err != nil {
		return mutants.Mutant{}, err
	}
	return all[0], nil
}

func TestAPatch(t *testing.T) {
	m, err := one(sound)
	require.NoError(t, err)
	require.Equal(t, "one", m.Name)
	require.Equal(t, "Two is one.", m.Broken)
	require.Equal(t, "go test ./a -run ^TestTwo$ -seeds=3", m.Test.String())
	require.Len(t, m.Edits, 1)
	require.Equal(t, "a/two.go", m.Edits[0].File)
	for source, want := range map[string]string{
		"package a\n\nfunc two() int {\n\treturn 2\n}\n":       "package a\n\nfunc two() int {\n\treturn 1\n}\n",
		"func two() int {\n\treturn 2\n}\n":                    "func two() int {\n\treturn 1\n}\n",
		"func two() int {\n\treturn 3\n}\n":                    "",
		"//func two() int {\n\treturn 2\n}\n":                  "",
		"func two() int {\n\treturn 2\n} //\n":                 "",
		"":                                                     "",
		strings.Repeat("func two() int {\n\treturn 2\n}\n", 2): "",
	} {
		edited, err := m.Edits[0].Apply([]byte(source))
		if want == "" {
			require.ErrorIs(t, err, mutants.ErrMoved, "%q", source)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, string(edited))
	}
}

func TestWhatIsNoPatch(t *testing.T) {
	for _, text := range []string{
		"",
		"\n" + sound,
		sound[strings.Index(sound, "---"):],
		strings.Replace(sound, "-run", "-r", 1),
		strings.Replace(sound, "+++ b/a/two.go\n", "", 1),
		strings.Replace(sound, "@@ -7,3 +7,3 @@\n", "", 1),
		strings.Replace(sound, "return 1", "return 2", 1),
		sound[:strings.Index(sound, "@@")],
		sound[:strings.Index(sound, "---")],
		sound + "more\n",
	} {
		_, err := one(text)
		require.ErrorIs(t, err, mutants.ErrPatch, "%q", text)
	}
}
