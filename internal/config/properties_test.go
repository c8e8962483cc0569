package config

import (
	"testing"
)

func TestPropertiesFollowJava(t *testing.T) {
	for text, want := range map[string][]property{
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
		got, err := parseProperties([]byte(text))
		noError(t, err, text)
		equal(t, want, got, text)
	}
	for _, text := range []string{"a=\\u12", "a=\\u12g4", "a=b\nc=\\u\x10\x11\x12\x13", "\\u=1"} {
		_, err := parseProperties([]byte(text))
		isTrue(t, err != nil, text)
	}
}

func TestSuggestions(t *testing.T) {
	names := newSettings().names()
	for wrong, want := range map[string]string{
		"snapcount": "snapCount", "snapCoutn": "snapCount", "tiktime": "tickTime",
		"datadir": "dataDir", "dataLog": "", "maxClientConnections": "",
		"x": "", "": "", "globalOutstandingLimits": "globalOutstandingLimit",
	} {
		equal(t, want, suggest(wrong, names), wrong)
	}
}

func FuzzZooCfg(f *testing.F) {
	f.Add([]byte(minimal), "zookeeper.snapCount=5")
	f.Add([]byte("dataDir=/d\nserver.1=a:1:2;3\ntickTime:2000\n# x\na\\\n b=\\u0041"), "tickTime=1")
	f.Add([]byte("dataDir=/d\r\nclientPort 0\r\nserver.2=[::1]:1:2:observer|[::2]:3:4"), "=")
	f.Add([]byte("4lw.commands.whitelist=a,,b\nsnapCount=-0x1\nauthProvider.1=\nssl.crl=\\"), "")
	f.Fuzz(func(t *testing.T, text []byte, define string) {
		c, err := loadText(string(text), map[string]string{"/d/myid": "1"}, define)
		if err != nil {
			errorIs(t, err, ErrInvalid)
			return
		}
		notEmpty(t, c.Storage.DataDir)
		notEmpty(t, c.Storage.DataLogDir)
		isTrue(t, c.Sessions.TickTime > 0)
		isTrue(t, c.Sessions.MinTimeout <= c.Sessions.MaxTimeout)
		isTrue(t, c.Storage.SnapCount >= 2)
		notEmpty(t, c.Effective())
	})
}
