// Package settings has what the global flags of verbs say, and connects by it. What a flag does not
// say, the environment does; then the context; then a default.
//
// Read settings.go (the flags), resolve.go (who wins), auth.go (identities) and dial.go.
package settings
