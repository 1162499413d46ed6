// Package core asks where the module may only listen.
package core

import _ "parley/modules/chat" // want edges
