// Package seal encrypts what is stored and has to be read again, such as the
// secrets that sign webhooks, with the server's secret key.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrUnreadable answers what none of the keys has sealed, or what was changed.
var ErrUnreadable = errors.New("seal: none of the secret keys opens this")

// Sealer is AES-256-GCM with keys for one purpose, derived by HKDF-SHA-256.
type Sealer struct{ all []cipher.AEAD }

// New returns a sealer that seals with the first key and opens with any; each
// has 32 bytes or more. What is sealed for one purpose opens for no other.
func New(purpose string, keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no secret key")
	}
	s := &Sealer{}
	for _, key := range keys {
		if len(key) < 32 {
			return nil, errors.New("a secret key is shorter than 32 bytes")
		}
		derived, err := hkdf.Key(sha256.New, key, nil, "parley seal\n"+purpose, 32)
		if err != nil {
			return nil, fmt.Errorf("deriving a key: %w", err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("making a cipher: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("making a cipher: %w", err)
		}
		s.all = append(s.all, aead)
	}
	return s, nil
}

// Split is the keys in a text that separates them by commas.
func Split(keys []byte) [][]byte {
	out := bytes.Split(keys, []byte(","))
	for i, k := range out {
		out[i] = bytes.TrimSpace(k)
	}
	return out
}

// Seal encrypts with a fresh nonce.
func (s *Sealer) Seal(plain []byte) ([]byte, error) { return s.all[0].Seal(nil, nil, plain, nil), nil }

// Open decrypts, or answers ErrUnreadable.
func (s *Sealer) Open(sealed []byte) ([]byte, error) {
	for _, aead := range s.all {
		if plain, err := aead.Open(nil, nil, sealed, nil); err == nil {
			return plain, nil
		}
	}
	return nil, ErrUnreadable
}
