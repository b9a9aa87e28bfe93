/* c-ares, the asynchronous resolver. */
#pragma once
#include <ares.h>
#include <arpa/nameser.h>
