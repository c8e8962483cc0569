// Package persistence keeps what a server must not forget.
package persistence
