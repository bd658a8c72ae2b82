# GenTaP with all that its stages need. This file has not been built yet: no machine with Docker was
# at hand.
#
#   docker build -t gentap .
#   docker run --rm --gpus all -v "$PWD:/work" gentap run scripts/recipes/quickstart.toml
#
# torch comes with CUDA unless TORCH_INDEX is the address of an index of its builds for processors.

FROM python:3.12-slim

ARG TORCH_INDEX=""

RUN apt-get update \
    && apt-get install --yes --no-install-recommends wordnet-base \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/gentap
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY gentap gentap
COPY grammars grammars
RUN pip install --no-cache-dir -c constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} '.[fast]'

RUN useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["gentap"]
CMD ["--help"]
