#pragma once

#include <caf/all.hpp>

#include <switchboard/switchboard.hpp>
