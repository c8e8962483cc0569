package auth

import (
	"crypto/md5" //nolint:gosec // digestAlg may name it; ZooKeeper's own default is SHA-1
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"quoll/jute"
)

// Digest is the id that the proof "user:password" shows: "user:base64(hash(user:password))". It is
// "" when the algorithm is unknown. The text is Java's: bytes that are not UTF-8 are replaced
// before they are hashed.
func Digest(alg string, proof []byte) string {
	hashed := sum(alg, jute.JavaBytes(proof))
	if hashed == nil {
		return ""
	}
	user, _, _ := strings.Cut(string(jute.JavaText(proof)), ":")
	return user + ":" + base64.StdEncoding.EncodeToString(hashed)
}

// sum hashes b, nil for an unknown algorithm.
func sum(alg string, b []byte) []byte {
	switch strings.ToUpper(alg) {
	case "SHA1", "SHA-1", "SHA", "":
		h := sha1.Sum(b)
		return h[:]
	case "SHA-224":
		h := sha256.Sum224(b)
		return h[:]
	case "SHA-256":
		h := sha256.Sum256(b)
		return h[:]
	case "SHA-384":
		h := sha512.Sum384(b)
		return h[:]
	case "SHA-512":
		h := sha512.Sum512(b)
		return h[:]
	case "SHA-512/224":
		h := sha512.Sum512_224(b)
		return h[:]
	case "SHA-512/256":
		h := sha512.Sum512_256(b)
		return h[:]
	case "SHA3-224":
		h := sha3.Sum224(b)
		return h[:]
	case "SHA3-256":
		h := sha3.Sum256(b)
		return h[:]
	case "SHA3-384":
		h := sha3.Sum384(b)
		return h[:]
	case "SHA3-512":
		h := sha3.Sum512(b)
		return h[:]
	case "MD5":
		h := md5.Sum(b)
		return h[:]
	}
	return nil
}

// authenticateDigest takes any user and password: whoever knows both is that user. It refuses only
// a connection that has too many ids, a null proof, and any proof if the algorithm is unknown.
func (r *Rules) authenticateDigest(now *Identity, proof []byte) (*Identity, bool) {
	id := Digest(r.DigestAlg, proof)
	if id == "" || proof == nil {
		return now, false
	}
	super := []byte(r.SuperDigest)
	if len(super) > 0 && subtle.ConstantTimeCompare([]byte(id), super) == 1 {
		var ok bool
		if now, ok = now.With(jute.ID{Scheme: superScheme, ID: ""}); !ok {
			return now, false
		}
	}
	return now.With(jute.ID{Scheme: "digest", ID: id})
}

// validDigest wants exactly two parts. Like Java's split it does not count empty parts at the end.
func validDigest(id string) bool {
	id = strings.TrimRight(id, ":")
	return strings.Count(id, ":") == 1
}
