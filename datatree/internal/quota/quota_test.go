package quota

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStatsText(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "count=-1,bytes=-1",
		"count=4,bytes=5":  "count=4,bytes=5",
		"bytes=5,count=4":  "count=4,bytes=5",
		"count=,bytes=5":   "",
		"count==7,bytes=5": "count=-1,bytes=5",
		"count=4,bytes=5=": "count=4,bytes=5",
		"count=4,bytes=5=;countHardLimit=10;byteHardLimit=11": "count=4,bytes=5=;" +
			"byteHardLimit=11;countHardLimit=10",
		"count=+4,,;;bytes=-5,;": "count=4,bytes=-5",
		",count=4":               "",
		"count":                  "",
		"=":                      "",
		"count=x":                "",
		"count=4 ,bytes=5":       "",
		"other=1":                "count=-1,bytes=-1=;other=1",
	} {
		s, err := ParseStats([]byte(text))
		got := ""
		if err == nil {
			got = string(s.Append(nil))
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestStatsSet(t *testing.T) {
	var s Stats
	s.Set(3, 9)
	if s.Count() != 3 || s.Bytes() != 9 || s.CountHard() != -1 || s.BytesHard() != -1 {
		t.Fatalf("%+v", s)
	}
}

// TestTrieIsASetOfPaths compares it with a set in which every prefix is tried.
func TestTrieIsASetOfPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var trie Trie
		set := map[string]bool{}
		path := rapid.StringMatching(`(/(a|b|cc| )){1,4}`)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				p := path.Draw(t, "path")
				trie.Add([]byte(p))
				set[clean(p)] = true
			},
			"remove": func(t *rapid.T) {
				p := path.Draw(t, "path")
				trie.Remove([]byte(p))
				delete(set, clean(p))
			},
			"": func(t *rapid.T) {
				delete(set, "")
				if trie.Len() != len(set) {
					t.Fatalf("%d paths, want %d", trie.Len(), len(set))
				}
				p := path.Draw(t, "asked")
				want := clean(p)
				for want != "" && !set[want] {
					want = want[:strings.LastIndexByte(want, '/')]
				}
				got, ok := trie.Longest([]byte("x"), []byte(p))
				if string(got) != "x"+want || ok != (want != "") {
					t.Fatalf("%q: %q %v, want %q", p, got, ok, want)
				}
			},
		})
		trie.Clear()
		if _, ok := trie.Longest(nil, []byte("/a")); ok || trie.Len() != 0 {
			t.Fatal("not empty")
		}
	})
}

// clean drops blank segments.
func clean(path string) string {
	out := ""
	for _, s := range strings.Split(path, "/") {
		if strings.TrimSpace(s) != "" {
			out += "/" + s
		}
	}
	return out
}
