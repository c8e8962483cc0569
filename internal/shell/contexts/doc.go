// Package contexts keeps the file of contexts: named places to connect to, of which one is current.
//
//	current: prod-eu
//	contexts:
//	  prod-eu:
//	    servers: zk1:2181,zk2:2181,zk3:2181
//	    chroot: /app
//	    auth_command: pass show zk/prod
//	    protected: true
//
// The file is written with mode 0600. One that others may read is refused if a secret is in it.
//
// Read contexts.go.
package contexts
