// Package history is allowed.
package history

import _ "parley/platform/bus"
