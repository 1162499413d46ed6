// Package core is allowed.
package core

import (
	_ "parley/modules/agents"
	_ "parley/modules/corpora"
)
