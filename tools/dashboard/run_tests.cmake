# Bundles the page's unit tests and runs them with node's own test runner.
execute_process(COMMAND ${NODE} ${WORK}/build.mjs --tests ${WORK}/bundled-tests COMMAND_ERROR_IS_FATAL ANY)
file(GLOB tests ${WORK}/bundled-tests/*.test.mjs)
execute_process(COMMAND ${NODE} --test ${tests} COMMAND_ERROR_IS_FATAL ANY)
