package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPropertiesFollowJava(t *testing.T) {
	for text, want := range map[string][]Property{
		"":                           nil,
		"a=b":                        {{"a", "b", 1}},
		"a=b\n":                      {{"a", "b", 1}},
		"a = b":                      {{"a", "b", 1}},
		"a:b":                        {{"a", "b", 1}},
		"a b":                        {{"a", "b", 1}},
		"a\tb c ":                    {{"a", "b c ", 1}},
		"  a=b":                      {{"a", "b", 1}},
		"\f a\f=\fb":                 {{"a", "b", 1}},
		"a==b":                       {{"a", "=b", 1}},
		"a :=b":                      {{"a", "=b", 1}},
		"a":                          {{"a", "", 1}},
		"=b":                         {{"", "b", 1}},
		"# a=b\n! c=d\n\n  # e\nf=g": {{"f", "g", 5}},
		"a=#b":                       {{"a", "#b", 1}},
		"a=b\r\nc=d\re=f":            {{"a", "b", 1}, {"c", "d", 2}, {"e", "f", 3}},
		"a=b\\\n   c":                {{"a", "bc", 1}},
		"a=b\\\r\n\tc\nd=e":          {{"a", "bc", 1}, {"d", "e", 3}},
		"a=b\\\\\nc=d":               {{"a", `b\`, 1}, {"c", "d", 2}},
		"a=b\\\n#c":                  {{"a", "b#c", 1}},
		"a=b\\\n\nc=d":               {{"a", "b", 1}, {"c", "d", 3}},
		"\\\n# a=b\nc=d":             {{"c", "d", 3}},
		"# a\\\nb=c":                 {{"b", "c", 2}},
		"a\\ b\\=c\\:d=e":            {{"a b=c:d", "e", 1}},
		"a=\\t\\n\\r\\f\\q\\\\":      {{"a", "\t\n\r\fq\\", 1}},
		"a=\\u00e9\\u20AC":           {{"a", "é€", 1}},
		"a=\\ud83d\\ude00":           {{"a", "😀", 1}},
		"a=\xe9":                     {{"a", "é", 1}},
		"a=\xc3\xa9":                 {{"a", "Ã©", 1}},
		"a=b\\":                      {{"a", "b", 1}},
		"a=${b}":                     {{"a", "${b}", 1}},
		"a=1\na=2":                   {{"a", "1", 1}, {"a", "2", 2}},
	} {
		got, err := ParseProperties([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"a=\\u12", "a=\\u12g4", "a=b\nc=\\u\x10\x11\x12\x13", "\\u=1"} {
		_, err := ParseProperties([]byte(text))
		require.Error(t, err, text)
	}
}
