package config

import (
	"testing"
)

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
