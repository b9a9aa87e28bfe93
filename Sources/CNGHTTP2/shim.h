/* nghttp2: frames, streams, flow control and HPACK of HTTP/2. */
#pragma once
#include <nghttp2/nghttp2.h>
#include "memory.h"
